// The map of the app: Leaflet on our own server, shapes and pictures by cached links, only figures through Streamlit.
// Every text goes into the page as textContent. The map outlives a rerun, so zoom and switches stay as they were.

const panels = new WeakMap();
const downloads = new Map();
let library;

const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

const link = (data, path) => new URL(data.base + path, location.origin).href;

const documentAt = (url) => {
  if (!downloads.has(url)) {
    const answer = fetch(url).then((response) => {
      if (!response.ok) throw new Error(`${response.status} ${url}`);
      return response.json();
    });
    answer.catch(() => downloads.delete(url));
    downloads.set(url, answer);
  }
  return downloads.get(url);
};

const styled = (root, href) =>
  new Promise((done, failed) => {
    root.append(element("link", { rel: "stylesheet", href, onload: done, onerror: failed }));
  });

function table(title, rows) {
  const body = rows.map(([label, text]) =>
    element("tr", {}, element("th", { scope: "row", textContent: label }), element("td", { textContent: text })));
  return element("div", {}, element("strong", { textContent: title }), element("table", {}, ...body));
}

function switches(panel) {
  const { data, state } = panel;
  const box = (name) => {
    const input = element("input", { type: "checkbox", checked: state.on[name] });
    input.onchange = () => { state.on[name] = input.checked; show(panel); };
    return element("label", {}, input, element("span", { textContent: data.texts[name] }));
  };
  const bar = element("div", { className: "bar" });
  if (data.views.length > 1) {
    const choice = data.views.map((view) => {
      const button = element("button", { type: "button", textContent: view.label });
      button.setAttribute("aria-pressed", String(view.id === state.view));
      button.onclick = () => { state.view = view.id; switches(panel); show(panel); };
      return button;
    });
    bar.append(element("div", { className: "views", role: "group" }, ...choice));
  }
  bar.append(element("div", { className: "layers", role: "group", ariaLabel: data.texts.layers },
    ...data.layers.map(box)));
  const operator = element("select", { ariaLabel: data.texts.operator });
  operator.append(element("option", { value: "", textContent: data.texts.all_operators }),
    ...data.operators.map(({ name }) => element("option", { value: name, textContent: name })));
  operator.value = state.operator;
  operator.onchange = () => { state.operator = operator.value; show(panel); };
  if (data.drags) {
    const hand = element("button", { type: "button", className: "hand", textContent: data.texts.drag });
    hand.setAttribute("aria-pressed", String(Boolean(state.drags)));
    hand.onclick = () => {
      state.drags = !state.drags;
      hand.setAttribute("aria-pressed", String(state.drags));
      panel.ground.classList.toggle("drags", state.drags);
    };
    bar.append(hand);
  }
  panel.finder = element("select", { ariaLabel: data.texts.find });
  panel.finder.onchange = () => find(panel, panel.finder.value);
  const home = element("button", { type: "button", textContent: data.texts.home });
  home.onclick = () => { panel.finder.value = ""; panel.map?.fitBounds(data.bounds); };
  if (data.operators.length) bar.append(operator);
  bar.append(panel.finder, home);
  if (data.draws) bar.append(pencil(panel));
  panel.bar.replaceWith(bar);
  panel.bar = bar;
  list(panel);
}

function list(panel) {
  if (!panel.outlines || !panel.finder) return;
  const names = panel.outlines.getLayers().map(({ feature }) => feature.properties)
    .sort((a, b) => a.name.localeCompare(b.name, "vi"));
  panel.finder.replaceChildren(element("option", { value: "", textContent: panel.data.texts.find }),
    ...names.map(({ ward_id, name }) => element("option", { value: ward_id, textContent: name })));
}

function find(panel, ward) {
  const layer = panel.outlines.getLayers().find(({ feature }) => feature.properties.ward_id === ward);
  if (!layer) return;
  panel.outlines.eachLayer((each) => each.closeTooltip() && panel.outlines.resetStyle(each));
  panel.map.fitBounds(layer.getBounds().pad(0.4), { animate: false });
  layer.setStyle({ color: "#16202a", weight: 2.5 }).bringToFront();
  layer.openTooltip(layer.getBounds().getCenter());
}

function legend({ data, legend: node, state }) {
  const view = data.views.find(({ id }) => id === state.view);
  const groups = view.legend.map(({ title, kind, classes }) =>
    element("section", { className: kind }, element("h3", { textContent: title }), element("ul", {},
      ...classes.map(([colour, text, shape = ""]) => {
        const swatch = element("i", { className: shape });
        swatch.style.background = colour;
        return element("li", {}, swatch, element("span", { textContent: text }));
      }))));
  node.replaceChildren(...groups);
}

async function show(panel) {
  const turn = (panel.turn = (panel.turn ?? 0) + 1);
  const { L, map, data, state } = panel;
  const view = data.views.find(({ id }) => id === state.view);
  const [wards, sites] = await Promise.all([documentAt(link(data, data.wards)), documentAt(link(data, view.sites))]);
  if (turn !== panel.turn) return; // a later change has overtaken this one

  if (panel.shapes !== wards) {
    panel.fills?.remove();
    panel.outlines?.remove();
    panel.shapes = wards;
    panel.fills = L.geoJSON(wards, { pane: "fills", interactive: false, style: { stroke: false, fillOpacity: 0.75 } });
    panel.outlines = L.geoJSON(wards, { style: { color: "#fff", weight: 1.2, fillOpacity: 0 } }).addTo(map);
    panel.outlines.eachLayer((ward) => ward.bindTooltip(({ feature: { properties } }) => {
      const figures = panel.rows[properties.ward_id]?.slice(1) ?? [];
      const title = [properties.name, properties.district].filter(Boolean).join(", ");
      return table(title, panel.data.columns.map((label, i) => [label, figures[i]]));
    }, { sticky: true, className: "tip" }));
    panel.outlines.on("mouseover", ({ layer }) => layer.setStyle({ color: "#16202a", weight: 2.5 }).bringToFront());
    panel.outlines.on("mouseout", ({ layer }) => panel.outlines.resetStyle(layer));
    list(panel);
  }
  panel.rows = view.rows;
  panel.fills.setStyle(({ properties }) => ({ fillColor: view.rows[properties.ward_id]?.[0] ?? data.unknown }));
  toggle(panel, panel.fills, state.on.wards);

  panel.images.forEach((image) => image.remove());
  const pictures = [data.relief && { ...data.relief, pane: "relief" }];
  if (state.on.coverage) {
    const seen = view.coverage[state.operator] ?? view.coverage[""];
    pictures.push(seen && { ...seen, pane: "signal", opacity: 0.85 }, view.gained && { ...view.gained, pane: "signal" });
  }
  pictures.push(view.disputed && { ...view.disputed, pane: "disputed" });
  panel.images = pictures.filter(Boolean).map(({ url, bounds, pane, opacity = 1 }) =>
    L.imageOverlay(link(data, url), bounds, { pane, opacity, className: pane }).addTo(map));

  panel.dots?.remove();
  const colours = Object.fromEntries(data.operators.map(({ name, colour }) => [name, colour]));
  panel.dots = L.geoJSON(sites, {
    filter: ({ properties }) => !state.operator || properties.operator === state.operator,
    pointToLayer: ({ properties }, place) => L.circleMarker(place, {
      radius: size(map, properties), weight: properties.added ? 2 : properties.cells ? 1 : 0,
      color: properties.added ? "#16202a" : "#fff",
      fillColor: colours[properties.operator] ?? data.unknown, fillOpacity: properties.cells ? 1 : 0.5,
    }),
  });
  panel.dots.on("mousedown", ({ layer, originalEvent }) => drag(panel, layer, originalEvent));
  panel.dots.bindTooltip(({ feature: { properties } }) => table(properties.site_id,
    [[data.texts.operator, properties.operator], [data.texts.cells, properties.cells]]), { className: "tip" });
  toggle(panel, panel.dots, state.on.sites);
  legend(panel);
  panel.root.dataset.drawn = `${state.view}:${panel.dots.getLayers().length}`;
}

// Hundreds of sites in the centre must not hide the coverage below them: small from afar, larger near.
const size = (map, { added, cells }) => (added ? 5.5 : cells ? 4.5 : 2.5) * Math.min(1.2, Math.max(0.65, (map.getZoom() - 8) / 4));

function toggle({ map }, layer, on) {
  if (on) layer.addTo(map); else layer.remove();
}

// A few words in a corner of the map: the profile itself may stand below what the window shows.
function remark(panel, [head, ...lines], ends) {
  const { note, data } = panel;
  note.hidden = !head;
  if (!head) return note.replaceChildren();
  note.replaceChildren(element("strong", { textContent: head }), ...lines.map((text) => element("span", { textContent: text })));
  if (!ends) return;
  const button = element("button", { type: "button", textContent: `${data.texts.profile} ↓` });
  button.onclick = () => document.querySelector(".sightline")?.scrollIntoView({ behavior: "smooth", block: "start" });
  note.append(button);
}

// The line from the antenna to the chosen point, drawn at once where it was clicked and whole when the server answers.
function sight(panel, { clicked, ends, clear, note } = {}) {
  panel.line?.remove();
  panel.line = undefined;
  remark(panel, note ?? [], ends);
  if (!clicked) return;
  const { L, map } = panel;
  const point = { pane: "sight", radius: 6, weight: 2.5, color: "#16202a", fillColor: "#fff", fillOpacity: 1, interactive: false };
  panel.line = L.layerGroup([L.circleMarker(ends?.[1] ?? clicked, point)]);
  if (ends) {
    const line = { pane: "sight", interactive: false };
    panel.line.addLayer(L.polyline(ends, { ...line, color: "#fff", weight: 6, opacity: 0.85 }));
    panel.line.addLayer(L.polyline(ends, { ...line, color: clear === false ? "#d55e00" : "#1d4674", weight: 3, dashArray: clear === false ? "7 6" : null }));
    panel.line.addLayer(L.circleMarker(ends[0], { ...point, radius: 5, fillColor: "#16202a" }));
  }
  panel.line.eachLayer((layer) => layer.getRadius && panel.line.removeLayer(layer).addLayer(layer)); // dots on top
  panel.line.addTo(map);
}

const rounded = ({ lat, lng }) => [Number(lat.toFixed(6)), Number(lng.toFixed(6))];

// A site taken by the hand: its dot follows the pointer, the server is asked once, where it is let go.
function drag(panel, dot, event) {
  const { map, data, state } = panel;
  const { site_id: site, cells } = dot.feature.properties;
  if (!data.drags || !state.drags || !cells) return;
  event.preventDefault();
  map.dragging.disable();
  dot.closeTooltip();
  const from = dot.getLatLng();
  trail(panel, { start: rounded(from), end: rounded(from) });
  let to = from;
  const follow = ({ latlng }) => { to = latlng; trail(panel, { start: rounded(from), end: rounded(to) }); };
  const drop = () => {
    map.off("mousemove", follow);
    document.removeEventListener("mouseup", drop);
    map.dragging.enable();
    if (map.distance(from, to) < 5) return trail(panel, data.move ?? undefined); // a click is no move
    remark(panel, [data.texts.moving, site]);
    panel.send("moved", [site, ...rounded(to)]);
  };
  map.on("mousemove", follow);
  document.addEventListener("mouseup", drop);
}

// Where a site stood and where it stands now.
function trail(panel, { start: from, end: to, note } = {}) {
  panel.trail?.remove();
  panel.trail = undefined;
  if (!from) return;
  const { L, map } = panel;
  const dot = { pane: "sight", interactive: false, weight: 2.5, color: "#16202a", fillOpacity: 1 };
  panel.trail = L.layerGroup([
    L.polyline([from, to], { pane: "sight", interactive: false, color: "#fff", weight: 5, opacity: 0.85 }),
    L.polyline([from, to], { pane: "sight", interactive: false, color: "#8d0f7b", weight: 2.5, dashArray: "6 6" }),
    L.circleMarker(from, { ...dot, radius: 5, fillColor: "#fff", color: "#55626c" }),
    L.circleMarker(to, { ...dot, radius: 7.5, fillColor: "#b5179e" }),
  ]).addTo(map);
  if (!note) return;
  remark(panel, note);
  const back = element("button", { type: "button", textContent: panel.data.texts.put_back });
  back.onclick = () => { trail(panel); remark(panel, []); panel.send("moved", null); };
  panel.note.append(back);
}

// An area drawn corner by corner; the second press of the button closes it and sends it.
function pencil(panel) {
  const { data, state } = panel;
  const button = element("button", { type: "button", className: "pencil" });
  const label = () => {
    button.textContent = state.corners ? data.texts.drawn : panel.area ? data.texts.draw_again : data.texts.draw;
    button.setAttribute("aria-pressed", String(Boolean(state.corners)));
    panel.ground.classList.toggle("picks", Boolean(state.corners));
  };
  button.onclick = () => {
    if (state.corners) {
      const corners = state.corners;
      state.corners = undefined;
      panel.send("drawn", corners.length > 2 ? corners : null);
      if (corners.length < 3) outline(panel, []);
    } else {
      state.corners = [];
      outline(panel, []);
    }
    label();
  };
  label();
  return button;
}

function outline(panel, corners) {
  const { L, map } = panel;
  panel.area?.remove();
  panel.area = corners.length ? L.layerGroup([
    L.polygon(corners, { pane: "sight", interactive: false, color: "#16202a", weight: 2.5, dashArray: "5 5", fillOpacity: 0.12 }),
    ...corners.map((corner) => L.circleMarker(corner, { pane: "sight", interactive: false, radius: 4, color: "#16202a", weight: 2, fillColor: "#fff", fillOpacity: 1 })),
  ]).addTo(map) : undefined;
}

function pick(panel, { lat, lng }) {
  const point = rounded({ lat, lng });
  [panel.outlines, panel.dots].forEach((layers) => layers?.eachLayer((layer) => layer.closeTooltip())); // they hide the point
  sight(panel, { clicked: point });
  panel.send("picked", point);
}

function picking(panel) {
  const { map, ground } = panel;
  let wait;
  // A double click zooms: it should not ask for a profile on its way.
  map.on("click", ({ latlng }) => {
    clearTimeout(wait);
    if (panel.state.corners) {
      panel.state.corners.push(rounded(latlng));
      return outline(panel, panel.state.corners);
    }
    if (panel.data.picks) wait = setTimeout(() => pick(panel, latlng), 220);
  });
  map.on("dblclick", () => clearTimeout(wait));
  ground.addEventListener("keydown", (event) => {
    if (panel.data.picks && event.key === "Enter" && event.target === ground) pick(panel, map.getCenter());
  });
}

async function build(panel) {
  const { data, root } = panel;
  library ??= import(link(data, "/vendor/leaflet.js")).then(() => window.L);
  [panel.L] = await Promise.all([library, styled(root.parentNode, link(data, "/vendor/leaflet.css"))]);
  const map = (panel.map = panel.L.map(panel.ground, {
    preferCanvas: true, zoomControl: false, attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, maxZoom: 17,
    minZoom: 6, wheelPxPerZoomLevel: 90,
  }));
  ["relief", "fills", "signal", "disputed"].forEach((name, i) => { map.createPane(name).style.zIndex = 310 + 10 * i; });
  map.createPane("sight").style.zIndex = 450;
  map.getPane("sight").style.pointerEvents = "none";
  panel.note = element("div", { className: "note", role: "status", hidden: true });
  panel.L.DomEvent.disableClickPropagation(panel.note);
  const corner = panel.L.control({ position: "topright" });
  corner.onAdd = () => panel.note;
  corner.addTo(map);
  picking(panel);
  panel.L.control.zoom({ zoomInTitle: data.texts.zoom_in, zoomOutTitle: data.texts.zoom_out }).addTo(map);
  panel.L.control.scale({ imperial: false }).addTo(map);
  map.on("zoomend", () => panel.dots?.eachLayer((dot) => dot.setRadius(size(map, dot.feature.properties))));
  new ResizeObserver(() => map.invalidateSize()).observe(panel.ground);
}

export default function ({ parentElement, data, setStateValue }) {
  let panel = panels.get(parentElement);
  if (!panel) {
    const root = parentElement.querySelector(".panel");
    panel = { root, images: [], state: { on: { ...data.on }, operator: "", view: data.start } };
    for (const name of ["bar", "ground", "legend"]) panel[name] = root.querySelector(`.${name}`);
    panel.data = data;
    panel.ready = build(panel);
    panels.set(parentElement, panel);
  }
  const moved = JSON.stringify(panel.bounds) !== JSON.stringify(data.bounds);
  Object.assign(panel, { data, bounds: data.bounds, send: setStateValue });
  if (!data.views.some(({ id }) => id === panel.state.view)) panel.state.view = data.start;
  if (!data.operators.some(({ name }) => name === panel.state.operator)) panel.state.operator = "";
  panel.ground.setAttribute("aria-label", data.texts.title);
  panel.ground.classList.toggle("picks", Boolean(data.picks || panel.state.corners));
  panel.ground.classList.toggle("drags", Boolean(data.drags && panel.state.drags));
  const face = JSON.stringify([data.texts, data.operators, data.layers, data.draws, data.views.map(({ id, label }) => [id, label])]);
  if (face !== panel.face) switches(panel); // a rerun that changes figures only leaves the keyboard focus alone
  panel.face = face;
  const { sight: line, move, ...shown } = data;
  const content = JSON.stringify(shown);
  const same = content === panel.content; // only the line of sight is new: nothing else is drawn again
  panel.content = content;
  panel.ready
    .then(() => {
      if (moved) panel.map.fitBounds(data.bounds, { animate: false });
      sight(panel, line ?? undefined);
      trail(panel, move ?? undefined);
      return same ? undefined : show(panel);
    })
    .catch((error) => {
      console.warn(error);
      panel.legend.replaceChildren(element("p", { role: "alert", textContent: data.texts.failed }));
    });
}
