/*
 * Basic transmission loss of ITU-R P.1812-8 along rays from one transmitter: for given profiles, or for the pixels around
 * a mast through a polar grid. rays.h has the geometry, losses.h the physics, pixels.h the pixels that the polar grid is too
 * coarse for.
 */
#include "pixels.h"

static Link make_link(const Request *ask) {
    const float f = ask->frequency_ghz, ground[2][2] = {{22, 0.003f}, {80, 5}}; /* permittivity, conductivity: land, sea */
    Link link = {*ask, ask->step, ask->tx_height, ask->rx_height, 0.2998f / f, ask->time_percent < 50 ? 2 : 1,
                 {6371e3f * 157 / (157 - ask->delta_n), 3 * 6371e3f}, {0, 0}, 0, cbrtf(f), {0, 0}};
    for (int i = 0; i < 2; i++) {
        const float e = ground[i][0], loss = 18 * ground[i][1] / f;
        link.ground[i] = powf((e - 1) * (e - 1) + loss * loss, -0.25f) * (ask->vertical > 0 ? sqrtf(e * e + loss * loss) : 1);
        link.half[i] = 0.5f / link.radius[i];
    }
    link.flatten = (link.half[0] - link.half[1]) * ask->step;
    return link;
}

typedef struct { /* working memory of one sweep */
    Ray ray;
    Paths paths;
    float loss[SIZE]; /* over free space */
    float origin;     /* ground at the mast above the sea */
    Link link;
    Terms terms;
} Work;

static Work *make_work(const Request *ask, int n, int zoned) {
    Work *work = aligned_alloc(64, (sizeof(Work) + 63) / 64 * 64);
    if (!work) return NULL;
    work->link = make_link(ask);
    work->terms = make_terms(&work->link);
    Ray *ray = &work->ray;
    for (int k = 0; k < n + LANES; k++) {
        ray->index[k] = (float)k;
        ray->distance[k] = (float)k * ask->step;
        ray->inverse_distance[k] = k ? 1 / ((float)k * ask->step) : 0;
        ray->per_index[k] = k ? 1.0 / k : 0;
    }
    for (int m = -PAD; m < n + LANES; m++) ray->inverse_index[PAD + m] = m > 0 ? 1 / (float)m : 0;
    ray->zoned = zoned;
    ray->paths = NULL;
    if (!zoned) { /* the statistics in time depend on the distance alone */
        set_inland(ray, n, &work->link);
        set_statistics(ray, 1, n, &work->link);
    }
    return work;
}

/* Make the heights of a ray relative to the transmitter's ground and tell how many samples are known before the first hole. */
static int settle(Ray *ray, int n) {
    int known = 0, cluttered = 0;
    while (known <= n && ray->bare[known] == ray->bare[known] && ray->top[known] == ray->top[known]) known++;
    ray->origin = ray->bare[0];
    for (int k = 0; k < known; k++) {
        cluttered |= ray->top[k] != ray->bare[k];
        ray->bare[k] -= ray->origin;
        ray->top[k] -= ray->origin;
    }
    ray->cluttered = cluttered;
    return known;
}

/* Loss over free space of targets from … n, into work->loss. */
static void run_ray(Work *work, int from, int n) {
    Ray *ray = &work->ray;
    const Link *link = &work->link;
    int hint = -1;
    if (n < from) return;
    prepare(ray, n, link);
    if (ray->zoned) {
        set_zones(ray, n, link);
        set_statistics(ray, from, n, link);
    }
    if (link->radii == 2) {
        for (int first = from / LANES * LANES; first <= n; first += LANES) search_tile(ray, first, from, n, link, 2, &hint);
    } else {
        for (int first = from / LANES * LANES; first <= n; first += LANES) search_tile(ray, first, from, n, link, 1, &hint);
    }
    smooth_surface(ray, from, n, link);
    for (int r = 0; r < link->radii; r++) diffraction(ray, r, from, n, link);
    combine(ray, from, n, link, &work->terms, work->loss);
}

static inline float free_space_db(float horizontal, float rise, float frequency_ghz) {
    const float squared = max_of(horizontal * horizontal + rise * rise, 1.0f);
    return 92.4f - 60 + DB_PER_LOG2 * log2_of(squared) + 2 * DB_PER_LOG2 * log2_of(frequency_ghz);
}

/*
 * Loss of every target of given profiles. bare, top, loss: (rays, n + 1) [m above the sea; dB], zone: the same shape or
 * NULL for inland. Targets 0 and 1 and everything behind an unknown sample are NaN. Returns 0, or 1 without memory, or 2
 * when n is out of range.
 */
int phusong_rays(const Request *ask, const float *bare, const float *top, const uint8_t *zone, int rays, int n, float *loss) {
    if (n < 2 || n >= MAX_STEPS) return 2;
    Work *work = make_work(ask, n, zone != NULL);
    if (!work) return 1;
    for (int r = 0; r < rays; r++) {
        const size_t at = (size_t)r * (size_t)(n + 1);
        memcpy(work->ray.bare, bare + at, sizeof(float) * (size_t)(n + 1));
        memcpy(work->ray.top, top + at, sizeof(float) * (size_t)(n + 1));
        if (zone) memcpy(work->ray.zone, zone + at, (size_t)(n + 1));
        for (int k = 0; k <= n; k++) loss[at + (size_t)k] = NAN;
        const int known = settle(&work->ray, n);
        run_ray(work, 2, known - 1);
        for (int k = 2; k < known; k++)
            loss[at + (size_t)k] = work->loss[k] + free_space_db((float)k * ask->step, work->ray.bare[k] + ask->rx_height - ask->tx_height,
                                                  ask->frequency_ghz);
    }
    free(work);
    return 0;
}

/* Bilinear heights along a ray; outside the window or beside an unknown height the sample is unknown. */
static void sample_ray(const Window *window, const float *restrict heights, float across, float down, int n,
                       float *restrict out) {
    const float right = (float)(window->cols - 2), bottom = (float)(window->rows - 2);
    const int cols = window->cols;
    for (int k = 0; k <= n; k++) {
        const float x = window->col + (float)k * across, y = window->row + (float)k * down;
        const float left = min_of(max_of(floorf(x), 0), right), upper = min_of(max_of(floorf(y), 0), bottom);
        const int32_t at = (int32_t)upper * cols + (int32_t)left;
        const float a = x - left, b = y - upper;
        const float high = heights[at] + a * (heights[at + 1] - heights[at]);
        const float low = heights[at + cols] + a * (heights[at + cols + 1] - heights[at + cols]);
        const int inside = (a >= 0) & (b >= 0) & (a <= 1) & (b <= 1);
        out[k] = inside ? high + b * (low - high) : NAN;
    }
}

static void sample_zones(const Window *window, float across, float down, int n, uint8_t *restrict out) {
    const float bottom = (float)(window->rows - 1), right = (float)(window->cols - 1);
    const float col = window->col + 0.5f, row = window->row + 0.5f;
    const int32_t *restrict zones = window->zone;
    const int cols = window->cols;
    for (int k = 0; k <= n; k++) {
        const float x = floorf(col + (float)k * across), y = floorf(row + (float)k * down);
        out[k] = (uint8_t)zones[(int32_t)min_of(max_of(y, 0), bottom) * cols + (int32_t)min_of(max_of(x, 0), right)];
    }
}

/* Zones of the window, widened; NULL without memory. */
static int32_t *wide_zones(const uint8_t *zone, size_t count) {
    int32_t *wide = malloc(sizeof(int32_t) * count);
    if (wide) for (size_t i = 0; i < count; i++) wide[i] = zone[i];
    return wide;
}

/*
 * The number of rays is a multiple of FAN. Near the mast neighbouring rays see the same pixels, so ray r with t trailing
 * zero bits evaluates only the targets beyond n/2^(t+1), and every FAN-th ray all of them: with rays √2 pixels apart on the
 * rim about one target for each pixel.
 */
enum { FAN = 64 };

static int first_target(int r, int n) {
    int zeros = 0;
    if (r % FAN == 0) return 2;
    while (!(r >> zeros & 1)) zeros++;
    const int first = (n >> (zeros + 1)) + 1;
    return first > 2 ? first : 2;
}

/* The last target of a ray beside a pixel that is asked for, or less than first_target where the ray only leads away. */
static int last_target(const Window *window, float across, float down, int n) {
    const float margin = 2 + 2 * hypotf(across, down); /* corners of a pixel lie a sample or the next ray away */
    const float x = across > 0 ? (float)window->right - 1 + margin : (float)window->left - margin;
    const float y = down > 0 ? (float)window->bottom - 1 + margin : (float)window->top_row - margin;
    const float by_col = fabsf(across) > 1e-6f ? (x - window->col) / across : (float)n;
    const float by_row = fabsf(down) > 1e-6f ? (y - window->row) / down : (float)n;
    return (int)max_of(min_of(min_of(by_col, by_row), (float)n), 0);
}

static float *polar_losses(Work *work, const Window *window, int cluttered, int rays, int n) {
    float *polar = malloc(sizeof(float) * (size_t)rays * (size_t)(n + 1));
    if (!polar) return NULL;
    Ray *ray = &work->ray;
    const float scale = work->link.step / window->pixel;
    sample_ray(window, window->bare, 0, 0, 0, &work->origin);
    for (int r = 0; r < rays; r++) {
        const float angle = 6.283185307f * (float)r / (float)rays, across = sinf(angle) * scale, down = -cosf(angle) * scale;
        const int from = first_target(r, n), last = last_target(window, across, down, n);
        float *out = polar + (size_t)r * (size_t)(n + 1);
        for (int k = 0; k <= n; k++) out[k] = NAN;
        if (last < from) continue;
        sample_ray(window, window->bare, across, down, last, ray->bare);
        if (cluttered) sample_ray(window, window->top, across, down, last, ray->top);
        else memcpy(ray->top, ray->bare, sizeof(float) * (size_t)(last + 1));
        if (window->zone) sample_zones(window, across, down, last, ray->zone);
        const int known = settle(ray, last);
        run_ray(work, from, known - 1);
        if (known > from) memcpy(out + from, work->loss + from, sizeof(float) * (size_t)(known - from));
    }
    return polar;
}

/* Angle clockwise from north as a fraction of a turn, 0 … 1, to about 1e-7. */
static inline float turn_of(float east, float north) {
    const float x = east < 0 ? -east : east, y = north < 0 ? -north : north;
    const float t = min_of(x, y) / max_of(max_of(x, y), 1e-20f), t2 = t * t;
    const float octant = t * (0.159154941f + t2 * (-0.0530512235f + t2 * (0.0318190259f + t2 * (-0.022604093f + t2 * (0.0169289199f +
                         t2 * (-0.0119293719f + t2 * (0.00677802824f + t2 * (-0.00254727972f + t2 * 0.000451055342f))))))));
    const float quadrant = x > y ? 0.25f - octant : octant, half = north < 0 ? 0.5f - quadrant : quadrant;
    return east < 0 ? 1 - half : half;
}

enum { OUTSIDE = -32768, UNKNOWN = 32767, PER_DB = 64, PART = 64 };

static inline int16_t packed_of(float loss) {
    const int known = loss == loss;
    const float whole = floorf(min_of(max_of(known ? loss : 0, -500), 511.9f) * PER_DB + 0.5f);
    return (int16_t)(known ? (int)whole : UNKNOWN);
}

/* The pixels that wait: each by its own path. */
static void flush(Work *work, const Window *window, float origin, int cluttered, int16_t *restrict out) {
    Paths *paths = &work->paths;
    const float antenna = origin + work->link.tx_height - work->link.rx_height;
    if (!paths->count) return;
    own_paths(paths, &work->ray, window, &work->link, &work->terms, origin, cluttered, work->loss);
    for (int l = 0; l < paths->count; l++) {
        const size_t at = (size_t)paths->row[l] * (size_t)window->cols + (size_t)paths->col[l];
        const float rise = antenna - window->bare[at], d = paths->k[l] * paths->step[l];
        out[at] = packed_of(work->loss[l] + free_space_db(d, rise, work->link.ask.frequency_ghz));
    }
    paths->count = 0;
}

/*
 * From the polar grid to the pixels of a part of a row: between the four samples around a pixel, and free space to the pixel itself.
 * Where the four differ by more than `agreed`, or some of them are unknown, the pixel waits for its own path.
 */
typedef struct { int32_t low[PART], high[PART]; float turn[PART], along[PART], distance[PART]; } Corners;

static inline void find_corners(const Work *work, const Window *window, int row, int start, int count, int rays, int n,
                                Corners *restrict at) {
    const float north = (window->row - (float)row) * window->pixel, per_step = 1 / work->link.step, all = (float)rays;
    for (int j = 0; j < count; j++) {
        const float east = ((float)(start + j) - window->col) * window->pixel, distance = sqrtf(east * east + north * north);
        const float samples = distance * per_step;
        const int k = (int)min_of(samples, (float)(n - 1));
        /* Rays that have targets k and k + 1: every 2^s-th, s the largest with k ≤ n/2^s, up to every FAN-th. */
        const float share = (k <= n / 2 ? 0.5f : 1) * (k <= n / 4 ? 0.5f : 1) * (k <= n / 8 ? 0.5f : 1) *
                            (k <= n / 16 ? 0.5f : 1) * (k <= n / 32 ? 0.5f : 1) * (k <= n / 64 ? 0.5f : 1);
        const float apart = 1 / share, turn = turn_of(east, north) * all * share, whole = floorf(turn), left = whole * apart;
        const float right = left + apart, before = left < all ? left : left - all, after = right < all ? right : right - all;
        at->distance[j] = distance;
        at->turn[j] = turn - whole;
        at->along[j] = min_of(samples - (float)k, 1);
        at->low[j] = (int32_t)before * (n + 1) + k;
        at->high[j] = (int32_t)after * (n + 1) + k;
    }
}

static void gather(Work *work, const Window *window, const float *restrict polar, int row, int start, int count, float reach,
                   float near, float agreed, int rays, int n, float origin, int cluttered, int16_t *restrict out) {
    const float antenna = origin + work->link.tx_height - work->link.rx_height, f = work->link.ask.frequency_ghz;
    const size_t first = (size_t)row * (size_t)window->cols + (size_t)start;
    const int refined = agreed < 1e30f; /* else a pixel beside an unknown sample is unknown */
    const float *restrict bare = window->bare + first;
    Corners at;
    float loss[PART];
    int8_t state[PART]; /* 0 between its corners, 1 on its own path, 2 out of reach */
    find_corners(work, window, row, start, count, rays, n, &at);
    for (int j = 0; j < count; j++) {
        const float a = polar[at.low[j]], b = polar[at.low[j] + 1], c = polar[at.high[j]], d = polar[at.high[j] + 1];
        const float low = a + at.along[j] * (b - a), high = c + at.along[j] * (d - c);
        const float most = max_of(max_of(a, b), max_of(c, d)), least = min_of(min_of(a, b), min_of(c, d));
        const float excess = low + at.turn[j] * (high - low);
        loss[j] = excess + free_space_db(at.distance[j], antenna - bare[j], f);
        const int outside = (at.distance[j] > reach) | (at.distance[j] < near), plain = (most - least <= agreed) & (excess == excess);
        state[j] = (int8_t)(outside ? 2 : refined & !plain);
    }
    for (int j = 0; j < count; j++) out[first + (size_t)j] = state[j] == 2 ? OUTSIDE : packed_of(loss[j]);
    for (int j = 0; j < count; j++) {
        if (state[j] != 1) continue;
        work->paths.row[work->paths.count] = row;
        work->paths.col[work->paths.count++] = start + j;
        if (work->paths.count == LANES) flush(work, window, origin, cluttered, out);
    }
}

/*
 * Loss from a mast to the pixels around it [1/64 dB].
 *
 * bare, top: (rows, cols) heights at pixel centres [m above sea level], NaN unknown; zone: the same shape or NULL. col,
 * row: position of the mast in pixels from the centre of pixel (0, 0). asked: first row, row after the last, first column and
 * column after the last of the pixels that are wanted. out: (rows, cols), OUTSIDE where it is not asked, beyond `reach` metres
 * or nearer than `near`, UNKNOWN where the ground under the path is. agreed: by how many decibels the four samples around a
 * pixel may differ before its own path is computed. rays: a multiple of FAN. Returns as phusong_rays.
 */
int phusong_sweep(const Request *ask, const float *bare, const float *top, const uint8_t *zone, int rows, int cols,
                  const int32_t asked[4], float col, float row, float pixel, float reach, float near, float agreed, int rays,
                  int16_t *out) {
    const int n = (int)ceilf(reach / ask->step);
    if (n < 2 || n >= MAX_STEPS || rays < FAN || rays % FAN || rows < 2 || cols < 2) return 2;
    if (asked[0] < 0 || asked[1] > rows || asked[2] < 0 || asked[3] > cols) return 2;
    if ((int64_t)rows * cols >= INT32_MAX || (int64_t)rays * (n + 1) >= INT32_MAX) return 2;
    int32_t *zones = zone ? wide_zones(zone, (size_t)rows * (size_t)cols) : NULL;
    const Window window = {bare, top, zones, rows, cols, asked[0], asked[1], asked[2], asked[3], col, row, pixel};
    const int cluttered = memcmp(bare, top, sizeof(float) * (size_t)rows * (size_t)cols) != 0;
    Work *work = zone && !zones ? NULL : make_work(ask, n, zone != NULL);
    float *polar = work ? polar_losses(work, &window, cluttered, rays, n) : NULL;
    if (polar) {
        const float origin = work->origin;
        work->paths.count = 0;
        for (size_t at = 0; at < (size_t)rows * (size_t)cols; at++) out[at] = OUTSIDE;
        /* In strips, so that the paths of pixels one after another cross the same ground while it is in the cache. */
        for (int start = asked[2]; start < asked[3]; start += PART) for (int i = asked[0]; i < asked[1]; i++)
            gather(work, &window, polar, i, start, asked[3] - start < PART ? asked[3] - start : PART, reach, near, agreed, rays,
                   n, origin, cluttered, out);
        flush(work, &window, origin, cluttered, out);
    }
    free(work);
    free(zones);
    const int failed = !polar;
    free(polar);
    return failed;
}
