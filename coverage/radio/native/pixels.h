/*
 * Pixels that the rays around them disagree about, each along a path of its own: equal steps, as near to the asked one as
 * can be, from the mast to the centre of the pixel. Sixteen paths are walked together, one sample of each per turn, from the
 * mast outwards. What the searches of rays.h find for a receiver of a ray is kept by lane; losses.h does the rest.
 */
#include "losses.h"

typedef struct { /* what lies around a mast: heights at pixel centres, the mast in pixels from the first of them */
    const float *bare, *top;
    const int32_t *zone; /* NULL: inland throughout; four bytes each, for the gathers of vector code */
    int rows, cols;
    int top_row, bottom, left, right; /* rows and columns that are asked for, the ends one beyond */
    float col, row, pixel;
} Window;

typedef struct {
    int count, longest; /* pixels that wait, most steps of a path */
    int32_t row[LANES], col[LANES];
    float k[LANES], step[LANES], per_step[LANES], across[LANES], down[LANES]; /* steps; metres, 1/metres, pixels of one */
    float end[LANES], rx[LANES], z[LANES], alpha[LANES], direct[LANES]; /* ground, receiver, with bulge, α, without */
    float bare[LANES], top[LANES];                           /* heights of this turn */
    float alpha_max[2][LANES], clearance[2][LANES], horizon[2][LANES];
    float bare_max[LANES], ground_max[LANES], obstacle[LANES], obstacle_slope[LANES];
    float seen[LANES], closest[LANES]; /* by the receiver on the ground: what it sees highest, what comes closest to the line */
    int32_t tx_at[LANES], seen_at[LANES], closest_at[LANES];
    float known[LANES];
    double step2[LANES], highest[LANES], before[LANES], sum1[LANES], sum2[LANES];
    float sea[LANES], land[LANES], inland[LANES], most_land[LANES], most_inland[LANES], first_sea[LANES], last_sea[LANES];
    float ground[(size_t)MAX_STEPS * LANES]; /* by turn and lane, above the transmitter's */
} Paths;

/* Bilinear heights of one surface on all paths, above the transmitter's ground. */
static inline void sample_paths(const Window *window, const float *restrict heights, const Paths *restrict paths, int i,
                                float origin, float *restrict out) {
    const float right = (float)(window->cols - 2), bottom = (float)(window->rows - 2), turn = (float)i;
    const float col = window->col, row = window->row;
    const int cols = window->cols;
    FOR_LANES {
        const float x = col + turn * paths->across[l], y = row + turn * paths->down[l];
        const float left = min_of(max_of(floorf(x), 0), right), upper = min_of(max_of(floorf(y), 0), bottom);
        const int32_t at = (int32_t)upper * cols + (int32_t)left;
        const float a = x - left, b = y - upper;
        const float high = heights[at] + a * (heights[at + 1] - heights[at]);
        const float low = heights[at + cols] + a * (heights[at + cols + 1] - heights[at + cols]);
        out[l] = high + b * (low - high) - origin;
    }
}

/* Lay the paths to the pixels that wait; lanes that are left over repeat the last one. */
static void lay_paths(Paths *paths, const Window *window, const Link *link, float origin) {
    paths->longest = 0;
    for (int l = 0; l < LANES; l++) {
        const int lane = l < paths->count ? l : paths->count - 1, i = paths->row[lane], j = paths->col[lane];
        const size_t at = (size_t)i * (size_t)window->cols + (size_t)j;
        const float east = (float)j - window->col, south = (float)i - window->row;
        const float d = sqrtf(east * east + south * south) * window->pixel;
        const int steps = (int)(d / link->step + 0.5f), k = steps > 2 ? steps : 2;
        paths->k[l] = (float)k;
        paths->step[l] = d / (float)k;
        paths->per_step[l] = (float)k / d;
        paths->step2[l] = (double)paths->step[l] * (double)paths->step[l];
        paths->across[l] = east / (float)k;
        paths->down[l] = south / (float)k;
        paths->end[l] = window->bare[at] - origin;
        paths->rx[l] = paths->end[l] + link->rx_height;
        paths->known[l] = (window->bare[at] - window->bare[at]) + (window->top[at] - window->top[at]);
        paths->longest = k > paths->longest ? k : paths->longest;
    }
    FOR_LANES {
        const float d = paths->k[l] * paths->step[l];
        paths->z[l] = paths->rx[l] - d * d * link->half[0];
        paths->alpha[l] = (paths->z[l] - link->tx_height) / d;
        paths->direct[l] = (paths->rx[l] - link->tx_height) / d;
        for (int r = 0; r < 2; r++) {
            paths->alpha_max[r][l] = paths->horizon[r][l] = NOTHING;
            paths->clearance[r][l] = 0.3084f * link->wavelength / d; /* as in search_tile */
        }
        paths->bare_max[l] = paths->ground_max[l] = paths->obstacle[l] = paths->obstacle_slope[l] = paths->seen[l] = NOTHING;
        paths->closest[l] = SETTLED;
        paths->tx_at[l] = paths->seen_at[l] = paths->closest_at[l] = 1;
        paths->highest[l] = (double)NOTHING;
        paths->before[l] = paths->sum1[l] = paths->sum2[l] = 0;
        paths->sea[l] = paths->land[l] = paths->inland[l] = paths->most_land[l] = paths->most_inland[l] = 0;
        paths->first_sea[l] = paths->last_sea[l] = -1;
    }
}

/*
 * One turn: horizons and clearance of the surface with clutter at one radius or two (eqs 13–20); of the bare ground the
 * horizons by index (of equals the one nearest the mast), what stands above the direct line, and the sums of the smooth
 * surface (eqs 83–84). Sums and the transmitter's horizon need double precision.
 */
static inline void take_turn(Paths *restrict paths, const Link *link, int i, int radii, int cluttered) {
    const float turn = (float)i, per_turn = 1 / turn, half = link->half[0], flatten = half - link->half[1], tx = link->tx_height;
    float rest_of[LANES], per_rest[LANES], per_d[LANES], weight[LANES];
    int32_t inside_of[LANES];
    FOR_LANES {
        const float m = paths->k[l] - turn, per_m = 1 / max_of(m, 1), per_step = paths->per_step[l];
        inside_of[l] = m > 0;
        rest_of[l] = m * paths->step[l];
        per_rest[l] = per_m * per_step;
        per_d[l] = per_turn * per_step;
        weight[l] = turn * per_m;
    }
    FOR_LANES {
        const float d = turn * paths->step[l], bulge = d * d * half, rest = rest_of[l], w = weight[l];
        const float h = paths->bare[l], above = h - paths->rx[l], alpha_r = paths->alpha[l];
        const float alpha = (h - bulge - tx) * per_d[l], s = (h - bulge - paths->z[l]) * per_rest[l];
        const float t = alpha_r - alpha, v = t * t * w, plane = (h - tx) * per_d[l];
        const int inside = inside_of[l], higher = inside & (s > paths->seen[l]), closer = inside & (v < paths->closest[l]);
        paths->bare_max[l] = inside ? max_of(plane, paths->bare_max[l]) : paths->bare_max[l];
        paths->ground_max[l] = inside ? max_of(alpha, paths->ground_max[l]) : paths->ground_max[l];
        paths->obstacle[l] = inside ? max_of(above + paths->direct[l] * rest, paths->obstacle[l]) : paths->obstacle[l];
        paths->obstacle_slope[l] = inside ? max_of(above * per_rest[l], paths->obstacle_slope[l]) : paths->obstacle_slope[l];
        paths->seen[l] = higher ? s : paths->seen[l];
        paths->seen_at[l] = higher ? i : paths->seen_at[l];
        paths->closest[l] = closer ? v : paths->closest[l];
        paths->closest_at[l] = closer ? i : paths->closest_at[l];
        const float top = cluttered ? paths->top[l] - bulge : 0, a0 = cluttered ? (top - tx) * per_d[l] : alpha;
        const float s0 = cluttered ? (top - paths->z[l]) * per_rest[l] : s, t0 = alpha_r - a0;
        if (cluttered) {
            paths->alpha_max[0][l] = inside ? max_of(a0, paths->alpha_max[0][l]) : paths->alpha_max[0][l];
            paths->horizon[0][l] = inside ? max_of(s0, paths->horizon[0][l]) : paths->horizon[0][l];
            paths->clearance[0][l] = inside ? min_of(t0 * t0 * w, paths->clearance[0][l]) : paths->clearance[0][l];
        }
        if (radii == 2) {
            const float a1 = a0 + flatten * d, s1 = s0 - flatten * (d + d + rest), t1 = t0 + flatten * rest;
            paths->alpha_max[1][l] = inside ? max_of(a1, paths->alpha_max[1][l]) : paths->alpha_max[1][l];
            paths->horizon[1][l] = inside ? max_of(s1, paths->horizon[1][l]) : paths->horizon[1][l];
            paths->clearance[1][l] = inside ? min_of(t1 * t1 * w, paths->clearance[1][l]) : paths->clearance[1][l];
        }
    }
    const double per_index = 1.0 / i, high = 3.0 * i - 1, low = 3.0 * i - 2, drop = (double)half * i;
    FOR_LANES {
        const double own = (double)paths->bare[l], h = inside_of[l] ? own : (double)paths->end[l], before = paths->before[l];
        const double alpha = (h - (double)tx) * per_index - drop * paths->step2[l];
        const int higher = inside_of[l] & (alpha > paths->highest[l]), more = paths->k[l] >= turn;
        paths->highest[l] = higher ? alpha : paths->highest[l];
        paths->tx_at[l] = higher ? i : paths->tx_at[l];
        paths->sum1[l] = more ? paths->sum1[l] + h + before : paths->sum1[l];
        paths->sum2[l] = more ? paths->sum2[l] + h * high + before * low : paths->sum2[l];
        paths->before[l] = h;
    }
}

/* Zones along the paths, as set_zones has them along a ray. */
static inline void walk_zones(Paths *restrict paths, const Window *window, int i) {
    const float bottom = (float)(window->rows - 1), right = (float)(window->cols - 1), turn = (float)i;
    const float col = window->col + 0.5f, row = window->row + 0.5f, within = i ? 1 : 0.5f;
    const int32_t *restrict zones = window->zone;
    const int cols = window->cols;
    int32_t sea_of[LANES], inland_of[LANES];
    FOR_LANES {
        const float x = floorf(col + turn * paths->across[l]), y = floorf(row + turn * paths->down[l]);
        const int zone = zones[(int32_t)min_of(max_of(y, 0), bottom) * cols + (int32_t)min_of(max_of(x, 0), right)];
        sea_of[l] = zone == SEA_ZONE;
        inland_of[l] = zone == INLAND_ZONE;
    }
    FOR_LANES { /* a sample stands for half a step to both sides, the last one for half a step */
        const float k = paths->k[l], own = turn < k ? within : 0.5f;
        const int there = turn <= k, sea = sea_of[l], met = sea & there, first = paths->first_sea[l] < 0;
        const float land = sea ? 0 : paths->land[l] + own, inland = inland_of[l] ? paths->inland[l] + own : 0;
        paths->sea[l] = met ? paths->sea[l] + own : paths->sea[l];
        paths->land[l] = land;
        paths->inland[l] = inland;
        paths->most_land[l] = there ? max_of(paths->most_land[l], land) : paths->most_land[l];
        paths->most_inland[l] = there ? max_of(paths->most_inland[l], inland) : paths->most_inland[l];
        paths->first_sea[l] = met & first ? turn : paths->first_sea[l];
        paths->last_sea[l] = met ? turn : paths->last_sea[l];
    }
}

static inline void walk(Paths *restrict paths, const Window *window, const Link *link, float origin, int radii, int cluttered) {
    if (window->zone) walk_zones(paths, window, 0);
    for (int i = 1; i <= paths->longest; i++) {
        float *ground = paths->ground + (size_t)i * LANES;
        sample_paths(window, window->bare, paths, i, origin, paths->bare);
        if (cluttered) sample_paths(window, window->top, paths, i, origin, paths->top);
        memcpy(ground, paths->bare, sizeof(paths->bare));
        FOR_LANES { /* 0, or NaN from the first unknown height on */
            const float here = paths->bare[l] + (cluttered ? paths->top[l] : 0);
            paths->known[l] += paths->k[l] > (float)i ? here - here : 0;
        }
        take_turn(paths, link, i, radii, cluttered);
        if (window->zone) walk_zones(paths, window, i);
    }
}

/* Compiled once for each kind of surface and model, so that none carries what another needs. */
APART void walk_plain(Paths *paths, const Window *window, const Link *link, float origin) { walk(paths, window, link, origin, 1, 0); }
APART void walk_cluttered(Paths *paths, const Window *window, const Link *link, float origin) { walk(paths, window, link, origin, 1, 1); }
APART void walk_rare(Paths *paths, const Window *window, const Link *link, float origin) { walk(paths, window, link, origin, 2, 1); }

/* Hand what was found to the receivers 0 … 15 of a ray. */
static void hand_over(const Paths *restrict paths, Ray *restrict ray, const Link *link, float origin, int cluttered) {
    ray->origin = origin;
    ray->ground = ray->surface = &ray->over_top;
    ray->paths = paths->ground;
    const int plain = link->radii == 1 && !cluttered; /* then clutter and ground are one: kept once */
    for (int l = 0; l < LANES; l++) {
        const float k = paths->k[l], d = k * paths->step[l], km = 1e-3f * paths->step[l];
        const int obstructed = paths->bare_max[l] > paths->direct[l];
        ray->index[l] = k;
        ray->distance[l] = d;
        ray->inverse_distance[l] = 1 / d;
        ray->bare[l] = paths->rx[l] - link->rx_height;
        ray->mean1[l] = (float)(paths->sum1[l] / (double)k);
        ray->mean2[l] = (float)(paths->sum2[l] / ((double)k * (double)k));
        ray->bare_max[l] = paths->bare_max[l];
        ray->ground->alpha_max[l] = paths->ground_max[l];
        ray->obstacle[l] = obstructed ? max_of(paths->obstacle[l], 0) : 0;
        ray->obstacle_slope[l] = obstructed ? paths->obstacle_slope[l] : SETTLED;
        for (int r = 0; r < link->radii; r++) {
            const float alpha_max = plain ? paths->ground_max[l] : paths->alpha_max[r][l];
            ray->sight[r].alpha_max[l] = alpha_max;
            ray->sight[r].in_sight[l] = alpha_max < paths->alpha[l] + (r ? (link->half[0] - link->half[1]) * d : 0);
            ray->sight[r].clearance[l] = (plain ? min_of(paths->closest[l], paths->clearance[r][l]) : paths->clearance[r][l]) * d;
            ray->sight[r].horizon[l] = plain ? paths->seen[l] : paths->horizon[r][l];
        }
        ray->bare_sight[l] = !(paths->ground_max[l] > paths->alpha[l]);
        ray->tx_horizon[l] = paths->tx_at[l];
        ray->rx_horizon[l] = ray->bare_sight[l] ? paths->closest_at[l] : paths->seen_at[l];
        ray->sea[l] = paths->sea[l] / k;
        ray->land_km[l] = ray->zoned ? km * paths->most_land[l] : km * k;
        ray->inland_km[l] = ray->zoned ? km * paths->most_inland[l] : km * k;
        ray->tx_coast_km[l] = paths->first_sea[l] < 0 ? 500 : km * max_of(paths->first_sea[l] - 0.5f, 0);
        ray->rx_coast_km[l] = paths->last_sea[l] < 0 ? 500 : km * max_of(k - paths->last_sea[l] - 0.5f, 0);
    }
}

/* Loss over free space of the pixels that wait, NaN behind an unknown height. */
static void own_paths(Paths *paths, Ray *ray, const Window *window, const Link *link, const Terms *terms, float origin,
                      int cluttered, float *loss) {
    enum { LAST = LANES - 1 };
    lay_paths(paths, window, link, origin);
    if (link->radii == 2) walk_rare(paths, window, link, origin);
    else if (cluttered) walk_cluttered(paths, window, link, origin);
    else walk_plain(paths, window, link, origin);
    hand_over(paths, ray, link, origin, cluttered);
    set_statistics(ray, 0, LAST, link);
    smooth_surface(ray, 0, LAST, link);
    for (int r = 0; r < link->radii; r++) diffraction(ray, r, 0, LAST, link);
    open_paths(ray, 0, LAST, link, terms, loss);
    find_hidden(ray, 0, LAST, link, terms);
    int any = 0;
    FOR_LANES any |= ray->wanted[l];
    if (any) hidden_tile(ray, 0, link, terms, loss);
    FOR_LANES loss[l] += paths->known[l];
}
