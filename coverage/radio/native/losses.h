/*
 * ITU-R P.1812-8 from the geometry of a ray: diffraction (§4.3) at one or two effective Earth radii for every receiver,
 * and its combination with free space, tropospheric scatter, ducting and location variability (§4.2, 4.4–4.8). The NumPy
 * twins are coverage/radio/p526.py and p1812.py.
 */
#include "rays.h"

/* Loops over targets stand apart: inlined into one another, compilers give up their vector code. */
#define APART static __attribute__((noinline))
/* Whole tiles: what lies before the first and behind the last target is computed in vain, but no loop has a scalar rest. */
#define FOR_TARGETS(from, n) _Pragma("GCC ivdep") for (int k = (from) / LANES * LANES, end = ((n) / LANES + 1) * LANES; k < end; k++)

static const float DB_PER_LOG2 = 3.0102999566f; /* 10·log10(2) */

static inline float log10_of(float x) { return 0.30102999566f * log2_of(x); }
static inline float exp_of(float x) { return exp2_of(1.44269504f * max_of(min_of(x, 80), -80)); }
static inline float exp10_of(float x) { return exp2_of(3.32192809f * max_of(min_of(x, 36), -36)); }

/* The angle of a slope [mrad]. */
static inline float mrad_of(float slope) {
    const float x = fabsf(slope);
    const int steep = x > 2.414213562f, middle = x > 0.4142135624f;
    const float low = middle ? (x - 1) / (x + 1) : x, y = steep ? -1 / x : low;
    const float base = steep ? 1.5707963268f : (middle ? 0.7853981634f : 0), y2 = y * y;
    const float angle = base + y + y * y2 * (-0.333329491539f + y2 * (0.199777106478f + y2 * (-0.138776856032f +
                                             y2 * 0.0805374449538f)));
    return copysignf(1000 * angle, slope);
}

/* The value a standard normal variable exceeds with probability x, §4.7. */
static inline float inverse_normal(float x) {
    const float tail = max_of(min_of(x, 1 - x), 1e-6f), t = sqrtf(-1.3862943611f * log2_of(tail));
    const float xi = ((0.010328f * t + 0.802853f) * t + 2.515516698f) /
                     (((0.001308f * t + 0.189269f) * t + 1.432788f) * t + 1);
    return x <= 0.5f ? t - xi : xi - t;
}

/* Bullington loss of a diffraction parameter ν over a path of d metres: eqs 12 and 21. */
static inline float bullington_db(float nu, float d) {
    const float u = nu - 0.1f;
    const float edge = max_of(6.9f + 2 * DB_PER_LOG2 * log2_of(sqrtf(u * u + 1) + u), 0.0f);
    const float loss = nu > -0.78f ? edge : 0.0f;
    return loss + (1 - exp2_of(loss * (-1.44269504f / 6))) * (10 + 0.02e-3f * d);
}

/* Gain of an antenna above the smooth Earth, eq. 35 with its lower limit. */
static inline float height_gain_db(float b, float least) {
    const int high = b > 2;
    const float t = log10_of(high ? b - 1.1f : b + 0.1f * b * b * b), root = sqrtf(max_of(b - 1.1f, 0));
    return max_of(high ? 17.6f * root - 5 * t - 8 : 20 * t, least);
}

/* Spherical-Earth loss of the first term over one kind of ground, eqs 29–36. */
static inline float first_term_db(float d, float ht, float hr, float radius_km, float ground, float cube_root_f) {
    const float root = exp2_of(log2_of(radius_km) / 3), f3 = cube_root_f;
    const float k = 0.036f * ground / (root * f3), k2 = k * k;
    const float beta = (1 + 1.6f * k2 + 0.67f * k2 * k2) / (1 + 4.5f * k2 + 1.53f * k2 * k2);
    const float x = 21.88e-3f * beta * f3 / (root * root) * d, log_x = log2_of(x);
    /* Both branches are computed and one is chosen: a branch around exp2_of would keep the loop from vector code. */
    const float far = 11 + DB_PER_LOG2 * log_x - 17.6f * x;
    const float near = -2 * DB_PER_LOG2 * log_x - 5.6488f * exp2_of(min_of(1.425f * log_x, 100));
    const float scale = 0.9575f * beta * beta * f3 * f3 / root, least = 2 + 20 * log10_of(k);
    const float distance = x >= 1.6f ? far : near;
    return -distance - height_gain_db(scale * ht, least) - height_gain_db(scale * hr, least);
}

/* Bullington loss over the smooth Earth as sampled by the profile, eqs 13–21 with all heights zero. */
static inline float smooth_bullington_db(float k, float d, float ht, float hr, float half, const Link *link) {
    const float s = d / k, last = k - 1, bulge = d * d * half;
    /* The slope −h/x − x/2a is greatest at x = √(2ah); the best sample is one of its two neighbours. */
    const float t0 = min_of(max_of(floorf(sqrtf(ht / half) / s), 1), last), t1 = min_of(t0 + 1, last);
    const float to_tx = max_of(-ht / (t0 * s) - t0 * s * half, -ht / (t1 * s) - t1 * s * half);
    const float direct = (hr - bulge - ht) / d;
    /* Line of sight: clearance/√(x(D−x)) is least where h_t/u + h_r·u − m·u/(1+u²) is, with u² = x/(D−x). */
    float u = sqrtf(ht / hr);
#pragma GCC unroll 5 /* unrolled, or the loop over targets around it would not become vector code */
    for (int turn = 0; turn < 5; turn++) {
        const float uu = u * u, both = 1 / (u * (1 + uu)), o = both * u, v = both * (1 + uu); /* 1/(1 + u²), 1/u */
        const float slope = hr - ht * v * v - bulge * (1 - uu) * o * o;
        const float bend = 2 * ht * v * v * v + 2 * bulge * u * (3 - uu) * o * o * o;
        u -= max_of(min_of(slope / max_of(bend, 1e-12f), 0.5f * u), -u);
    }
    const float x0 = min_of(max_of(floorf(u * u / (1 + u * u) * k), 1), last), x1 = min_of(x0 + 1, last);
    const float a0 = x0 * s, b0 = d - a0, a1 = x1 * s, b1 = d - a1, lines = 2 / link->wavelength * d;
    const float nu0 = -((ht * b0 + hr * a0) / d - a0 * b0 * half) * sqrtf(lines / (a0 * b0));
    const float nu1 = -((ht * b1 + hr * a1) / d - a1 * b1 * half) * sqrtf(lines / (a1 * b1));
    const float r0 = min_of(max_of(floorf(sqrtf(hr / half) / s), 1), last), r1 = min_of(r0 + 1, last);
    const float e0 = d - r0 * s, e1 = d - r1 * s, z = hr - bulge;
    const float to_rx = max_of((-e0 * e0 * half - z) / (r0 * s), (-e1 * e1 * half - z) / (r1 * s));
    const float x = min_of(max_of((z - ht + to_rx * d) / (to_tx + to_rx), 0.1f * s), d - 0.1f * s);
    const float beyond = (to_tx - direct) * sqrtf(2 / link->wavelength * x * d / (d - x));
    return bullington_db(to_tx < direct ? max_of(nu0, nu1) : beyond, d);
}

/* Antennas above the smooth surface (eqs 83–89): the same for every radius. */
APART void smooth_surface(Ray *restrict ray, int from, int n, const Link *restrict link) {
    FOR_TARGETS(from, n) {
        const float rise = ray->bare[k], high = ray->obstacle[k];
        const float direct = (rise + link->rx_height - link->tx_height) * ray->inverse_distance[k];
        const float up = ray->bare_max[k] - direct, down = ray->obstacle_slope[k] + direct;
        const float part = high > 0 ? up / (up + down) : 0;
        const float at_tx = 2 * ray->mean1[k] - ray->mean2[k] - high * part;
        const float at_rx = ray->mean2[k] - ray->mean1[k] - high * (high > 0 ? 1 - part : 0);
        ray->smooth_t[k] = link->tx_height - min_of(at_tx, 0);
        ray->smooth_r[k] = link->rx_height + rise - min_of(at_rx, rise);
    }
}

/*
 * What the curved Earth adds (eqs 23–39) for targets that feel it: path in samples, antennas above the smooth surface,
 * 2 beyond the horizon or else the missing share of the clearance, fraction over sea.
 */
APART void spherical(const Link *restrict link, int r, int zoned, int count, const float *restrict index,
                      const float *restrict length, const float *restrict high_t, const float *restrict high_r,
                      const float *restrict part, const float *restrict wet, float *restrict extra) {
    const float land = link->ground[0], water = link->ground[1], radius = link->radius[r], half = link->half[r];
    const float cube_root_f = link->cube_root_f;
    for (int j = 0; j < count; j++) {
        const float d = length[j], heights = sqrtf(high_t[j]) + sqrtf(high_r[j]), beyond = part[j] >= 2 ? 1 : 0;
        const float radius_km = 1e-3f * (beyond * radius + (1 - beyond) * 0.5f * d * d / (heights * heights));
        extra[j] = first_term_db(d, high_t[j], high_r[j], radius_km, land, cube_root_f);
    }
    if (zoned) for (int j = 0; j < count; j++) {
        const float d = length[j], heights = sqrtf(high_t[j]) + sqrtf(high_r[j]), beyond = part[j] >= 2 ? 1 : 0;
        const float radius_km = 1e-3f * (beyond * radius + (1 - beyond) * 0.5f * d * d / (heights * heights));
        extra[j] += wet[j] * (first_term_db(d, high_t[j], high_r[j], radius_km, water, cube_root_f) - extra[j]);
    }
    for (int j = 0; j < count; j++) {
        const float within = part[j] * max_of(extra[j], 0), sphere = part[j] >= 2 ? extra[j] : within;
        extra[j] = max_of(sphere - smooth_bullington_db(index[j], length[j], high_t[j], high_r[j], half, link), 0);
    }
}

/* Delta-Bullington loss of targets from … n at radius number r, eqs 37–39. */
APART void diffraction(Ray *restrict ray, int r, int from, int n, const Link *restrict link) {
    const float half = link->half[r], twice = 2 / link->wavelength;
    const Sight *restrict sight = &ray->sight[r];
    float *restrict loss = ray->diffraction[r];
    int32_t curved[SIZE];
    float excess[SIZE], index[SIZE], length[SIZE], high_t[SIZE], high_r[SIZE], part[SIZE], wet[SIZE], extra[SIZE];
    int count = 0;
    FOR_TARGETS(from, n) {
        const float d = ray->distance[k], bulge = d * d * half, z = ray->bare[k] + link->rx_height - bulge;
        const float slope = (z - link->tx_height) * ray->inverse_distance[k], horizon = sight->horizon[k];
        const int clear = sight->in_sight[k];
        const float point = clear ? 0.5f * d : (z - link->tx_height + horizon * d) / (sight->alpha_max[k] + horizon);
        const float nu = clear ? -sqrtf(twice * sight->clearance[k])
                               : (sight->alpha_max[k] - slope) * sqrtf(twice * point * d / (d - point));
        loss[k] = bullington_db(nu, d);
        /* Least clearance over the smooth Earth (eqs 22–26): the root b of m·b³ − (m+1)·b + c. */
        const float ht = ray->smooth_t[k], hr = ray->smooth_r[k];
        const float m = 0.5f * bulge / (ht + hr), c = (ht - hr) / (ht + hr);
        float b = c / (1 + m);
#pragma GCC unroll 3
        for (int turn = 0; turn < 3; turn++) b -= (m * b * b * b - (m + 1) * b + c) / (3 * m * b * b - (m + 1));
        const float one = 0.5f * d * (1 + b), two = d - one, heights = sqrtf(ht) + sqrtf(hr);
        const float clearance = ((ht - one * one * half) * two + (hr - two * two * half) * one) / d;
        const float need = sqrtf(0.3047091f * one * two * link->wavelength / d); /* eq. 26: 17.456² in metres */
        const int beyond = d >= sqrtf(2 * link->radius[r]) * heights;
        excess[k] = beyond ? 2.0f : (clearance > need ? -1.0f : 1 - clearance / max_of(need, 1e-6f));
    }
    for (int k = from; k <= n; k++) { /* few targets feel the curvature: gather them, so the rest cost nothing */
        curved[count] = k;
        count += excess[k] >= 0;
    }
    const int whole = (count + LANES - 1) / LANES * LANES;
    for (int j = count; j < whole; j++) curved[j] = curved[count - 1];
    for (int j = 0; j < whole; j++) {
        const int k = curved[j];
        index[j] = ray->index[k];
        length[j] = ray->distance[k];
        high_t[j] = ray->smooth_t[k];
        high_r[j] = ray->smooth_r[k];
        part[j] = excess[k];
        wet[j] = ray->sea[k];
    }
    spherical(link, r, ray->zoned, whole, index, length, high_t, high_r, part, wet, extra);
    for (int j = 0; j < count; j++) loss[curved[j]] += extra[j];
}

/* A(p) of ducting for β per cent of anomalous propagation over d kilometres, eq. 53. */
static inline float ducting_time_db(float p, float beta, float d) {
    const float log_beta = log10_of(beta), power = exp2_of(1.13f * log2_of(d));
    const float gamma = 1.076f * exp2_of(-1.012f * log2_of(2.0058f - log_beta)) *
                        exp_of(-(9.51f - 4.8f * log_beta + 0.198f * log_beta * log_beta) * 1e-6f * power);
    const float log_share = log2_of(p / beta);
    return -12 + (1.2f + 3.7e-3f * d) * 0.30102999566f * log_share + 12 * exp2_of(min_of(gamma * log_share, 100));
}

/* Zones along the path (§3.2, 3.7) by receiver: a sample stands for half a step to both sides. */
enum { SEA_ZONE = 1, INLAND_ZONE = 4 };
static void set_zones(Ray *ray, int n, const Link *link) {
    const float km = 1e-3f * link->step;
    float sea = 0, land = 0, inland = 0, most_land = 0, most_inland = 0;
    int first_sea = -1, last_sea = -1;
    for (int k = 0; k <= n; k++) {
        const int is_sea = ray->zone[k] == SEA_ZONE, is_inland = ray->zone[k] == INLAND_ZONE;
        ray->sea[k] = k ? (sea + 0.5f * (float)is_sea) / (float)k : 0;
        ray->land_km[k] = km * max_of(most_land, is_sea ? 0 : land + 0.5f);
        ray->inland_km[k] = km * max_of(most_inland, is_inland ? inland + 0.5f : 0);
        const float own = k ? 1 : 0.5f;
        sea += is_sea ? own : 0;
        land = is_sea ? 0 : land + own;
        inland = is_inland ? inland + own : 0;
        most_land = max_of(most_land, land);
        most_inland = max_of(most_inland, inland);
        if (is_sea) { first_sea = first_sea < 0 ? k : first_sea; last_sea = k; }
        ray->tx_coast_km[k] = first_sea < 0 ? 500 : (first_sea ? km * ((float)first_sea - 0.5f) : 0);
        ray->rx_coast_km[k] = last_sea < 0 ? 500 : (last_sea < k ? km * ((float)(k - last_sea) - 0.5f) : 0);
    }
}

static void set_inland(Ray *ray, int n, const Link *link) {
    for (int k = 0; k <= n; k++) {
        ray->land_km[k] = ray->inland_km[k] = 1e-3f * link->step * (float)k;
        ray->sea[k] = 0;
        ray->tx_coast_km[k] = ray->rx_coast_km[k] = 500;
    }
}

/*
 * By receiver: β0 (§3.8), the share of the strong diffraction at p per cent (Fi of eq. 40) and the least A(p), that of an
 * open path over smooth ground.
 */
APART void set_statistics(Ray *restrict ray, int from, int n, const Link *restrict link) {
    const float p = link->ask.time_percent, at_p = inverse_normal(0.01f * p);
    const float latitude = link->ask.latitude < 0 ? -link->ask.latitude : link->ask.latitude;
    const int low = latitude <= 70;
    const float power = low ? -0.935f + 0.0176f * latitude : 0.3f, most = low ? exp10_of(1.67f - 0.015f * latitude) : 4.17f;
    const float rarely = p < 50 ? 1 : 0;
    FOR_TARGETS(from, n) {
        const float tau = 1 - exp_of(-4.12e-4f * exp2_of(2.41f * log2_of(max_of(ray->inland_km[k], 1e-6f))));
        const float inner = exp10_of(-ray->land_km[k] / (16 - 6.6f * tau)) + exp10_of(-5 * (0.496f + 0.354f * tau));
        const float log_mu1 = min_of(0.2f * log2_of(inner), 0), beta0 = most * exp2_of(log_mu1 * (1 + power));
        const float between = rarely * at_p / inverse_normal(0.01f * beta0), always = rarely;
        ray->beta0[k] = beta0;
        ray->share[k] = p > beta0 ? between : always;
        ray->least_time_db[k] = ducting_time_db(p, beta0, 1e-3f * ray->distance[k]);
    }
}

/* What the combination needs of the link, computed once. */
typedef struct {
    float f, p, cube_root_f;
    float time_log;  /* log10(p/50) */
    float scatter;   /* tropospheric scatter over free space without its angle [dB], §4.4 */
    float fixed;     /* of ducting over free space, eq. 47: 102.45 − 92.4 and what low frequencies add */
    float angular;   /* of ducting, per milliradian, eq. 51 */
    float spread;    /* −Q⁻¹(pL)·σ, eq. 69 */
    float curve;     /* 1000 d/ae, per kilometre [mrad] */
    int strong;      /* number of the radius exceeded for β0 of the time; the median one where there is no other */
} Terms;

static Terms make_terms(const Link *link) {
    const float f = link->ask.frequency_ghz, p = link->ask.time_percent, log_f = log10f(f), cube_root_f = cbrtf(f);
    const float spectrum = 25 * log_f - 2.5f * log10f(f / 2) * log10f(f / 2);
    const float time = 10.125f * powf(max_of(log10f(50 / p), 0), 0.7f);
    const Terms terms = {
        f, p, cube_root_f, log10f(p / 50),
        190.1f - 92.4f + spectrum - 20 * log_f - 0.15f * link->ask.n0 - time,
        102.45f - 92.4f + (f < 0.5f ? 45.375f - 137 * f + 92.5f * f * f : 0),
        5e-5f * 1e-3f * link->radius[0] * cube_root_f,
        link->ask.location_sigma * inverse_normal(0.01f * link->ask.location_percent),
        1e6f / link->radius[0],
        link->radii - 1,
    };
    return terms;
}

static const float SMOOTH = 10; /* roughness up to which a duct is not disturbed [m], eq. 54 */
static const float MARITIME = 0.75f - 1e-6f; /* of a path over sea, from where eq. 49 applies; rounding aside */

/* Weights of eqs 61 (distance) and 57 (angle): 1 − ½(1 + tanh x) = 1/(1 + e^2x). */
static inline float distance_weight(float d) { return 1 / (1 + exp_of(0.15f * (d - 20))); }
static inline float angle_weight(float mrad) { return 1 / (1 + exp_of(16 * (mrad - 0.3f))); }
static inline float focusing_db(float horizons_km) { return 2.6f * (1 - exp_of(-0.1f * horizons_km)); }

/* Two losses side by side, eq. 63. */
static inline float power_sum_db(float a, float b) {
    return min_of(a, b) - 0.5f * DB_PER_LOG2 * log2_of(1 + exp10_of(-0.2f * fabsf(a - b)));
}

/* Loss over free space of an open or hidden path without ducting and scatter: `path_loss` of eqs 43, 59 and 62. */
typedef struct { float los, total, sea_los; } Levels;
static inline Levels levels_of(const Ray *ray, int k, float focus, const float *strong, const Terms *terms) {
    const float median = ray->diffraction[0][k], share = ray->share[k], beta0 = ray->beta0[k];
    const float at_p = median + (strong[k] - median) * share, dry = (1 - ray->sea[k]) * at_p;
    const float los = focus * terms->time_log, los_beta = focus * log10_of(beta0 * 0.02f);
    const float low = los + dry, high = median + (los_beta + dry - median) * share;
    const float rare = terms->p < beta0 ? 1 : 0;
    const Levels levels = {los, los + at_p, rare * low + (1 - rare) * high};
    return levels;
}

/*
 * First pass: loss over free space as if the ground hid nothing and no duct helped; then `wanted`, where that may be off by
 * 0.001 dB. Ducting lowers the loss by at most (diffraction − floor)(1 − Fk)(1 − Fj), where `floor` is the least it can lose
 * over free space with the receiver's horizon unknown; scatter on a hidden path by 0.0006 dB where
 * it lies 18 dB above the rest.
 */
APART void open_paths(Ray *restrict ray, int from, int n, const Link *restrict link, const Terms *restrict terms,
                       float *restrict loss) {
    const float *strong = ray->diffraction[terms->strong];
    FOR_TARGETS(from, n) {
        const float d = 1e-3f * ray->distance[k];
        const float slope = (ray->bare[k] + link->rx_height - link->tx_height) * ray->inverse_distance[k], a2 = slope * slope;
        const float angle = (float)ray->bare_sight[k] * terms->curve * d * a2 / (1 + a2), weight = angle_weight(angle);
        const Levels levels = levels_of(ray, k, focusing_db(d), strong, terms);
        const float plain = levels.total + (levels.sea_los - levels.total) * weight;
        const float scatter = terms->scatter - DB_PER_LOG2 * log2_of(1 + a2) + 0.573f * angle +
                              1000 * (1 - (float)ray->bare_sight[k]);
        loss[k] = max_of(levels.los, power_sum_db(scatter, plain) - terms->spread);
        ray->most[k] = max_of(ray->diffraction[0][k], levels.total - levels.los);
        ray->ducted[k] = (1 - distance_weight(d)) * (1 - (float)ray->bare_sight[k] * weight);
    }
}

APART void find_hidden(Ray *restrict ray, int from, int n, const Link *restrict link, const Terms *restrict terms) {
    const float gain = max_of(terms->angular - 0.264f * terms->cube_root_f, 0);
    const float rarely = terms->p < 50 ? 1 : 0; /* then the horizons of a hidden path count in any case */
    const float *alpha_max = ray->ground->alpha_max;
    FOR_TARGETS(from, n) {
        const float d = 1e-3f * ray->distance[k], km = d / ray->index[k], curve = terms->curve * d;
        const float slope = (ray->bare[k] + link->rx_height - link->tx_height) * ray->inverse_distance[k];
        const float slant = DB_PER_LOG2 * log2_of(1 + slope * slope);
        /* A number, not a choice: a branch would keep the loop from vector code. */
        const float clear = (float)ray->bare_sight[k], shut = 1 - clear;
        /* The least that ducting loses. Hidden: the horizon of the receiver lies at least as high as the direct line. */
        const float tx = mrad_of(alpha_max[k]), tx_km = km * (float)ray->tx_horizon[k];
        const float above = max_of(tx - 0.1f * tx_km, 0), down = min_of(-1000 * slope - 0.5f * curve, 0);
        const float hidden = 2 * DB_PER_LOG2 * log2_of((tx_km + km) / d * (1 + 0.361f * above * sqrtf(terms->f * tx_km))) +
                             0.264f * terms->cube_root_f * above +
                             terms->angular * (curve + min_of(tx, 0.1f * tx_km) + down);
        const float open = -gain * 1000 * fabsf(slope);
        const float coast = ray->sea[k] >= MARITIME ? 12 : 0;
        const float least = terms->fixed + ray->least_time_db[k] - slant - coast + clear * open + shut * hidden;
        const float effect = (ray->most[k] - max_of(least, 0)) * ray->ducted[k];
        const float bent = shut * max_of(tx - 1000 * slope + 0.5f * curve, 0);
        const float scattered = ray->most[k] - (terms->scatter - slant + 0.57f * bent) + 18;
        ray->wanted[k] = max_of(max_of(effect - 3e-4f, shut * scattered), rarely * shut - 0.5f) > 0;
    }
}

/* Shielding of a terminal by its horizon (eq. 48) and its coupling to a duct over the sea (eq. 49). */
static inline float terminal_db(float mrad, float reach_km, float coast_km, float above_sea, float maritime, const Terms *terms) {
    const float angle = max_of(mrad - 0.1f * reach_km, 0);
    const float shield = 2 * DB_PER_LOG2 * log2_of(1 + 0.361f * angle * sqrtf(terms->f * reach_km)) +
                         0.264f * angle * terms->cube_root_f;
    const float tanh1 = 2 - 2 / (1 + exp_of(0.14f * (50 - above_sea))); /* 1 + tanh(0.07(50 − h)) */
    const float coupling = -3 * exp_of(-0.25f * coast_km * coast_km) * tanh1;
    return shield + (coast_km <= min_of(reach_km, 5) ? maritime * coupling : 0);
}

typedef struct { /* sixteen neighbouring receivers, some of them wanted */
    float ALIGNED tx_mrad[LANES];
    float rx_mrad[LANES], tx_km[LANES], rx_km[LANES], rough[LANES];
    float ducting[LANES], beta[LANES]; /* ducting over free space without A(p); β without roughness */
    int32_t ducted[LANES];
} Hidden;

/* Height of the ground at sample i of the path to a receiver: of the ray itself, or of lane l of sixteen paths. */
static inline float sample_of(const Ray *ray, int i, int l) {
    return ray->paths ? ray->paths[(size_t)i * LANES + (size_t)l] : ray->bare[i];
}

/* Greatest height of the ground between two samples above the smooth surface of eqs 85–86 [m], §5.6.3. */
static float roughness(const Ray *ray, int k, int near, int far) {
    const float at_tx = min_of(2 * ray->mean1[k] - ray->mean2[k], 0);
    const float at_rx = min_of(ray->mean2[k] - ray->mean1[k], ray->bare[k]), slope = (at_rx - at_tx) / ray->index[k];
    float best[LANES], highest = NOTHING;
    if (ray->paths) {
        for (int i = near; i <= far; i++) highest = max_of(highest, sample_of(ray, i, k) - at_tx - slope * (float)i);
        return highest;
    }
    const float line = at_tx + slope * (float)(slope < 0 ? far : near);
    if (ray->bare_top[far] - line <= SMOOTH) return 0;
    FOR_LANES best[l] = NOTHING;
    for (int i = near; i <= far; i += LANES) FOR_LANES {
        const int j = i + l <= far ? i + l : far;
        best[l] = max_of(best[l], ray->bare[j] - at_tx - slope * (float)j);
    }
    FOR_LANES highest = max_of(highest, best[l]);
    return highest;
}

/* Horizons: angles [mrad] and distances [km], eqs 76–82. */
APART void set_horizons(const Ray *restrict ray, Hidden *restrict hidden, int first, const Link *restrict link) {
    const float half = link->half[0];
    float to_t[LANES], to_r[LANES], along_t[LANES], along_r[LANES];
    for (int l = 0; l < LANES; l++) {
        const int k = first + l, clear = ray->bare_sight[k], far = ray->wanted[k] ? ray->rx_horizon[k] : 1;
        const int near = clear | !ray->wanted[k] ? far : ray->tx_horizon[k];
        const float d = ray->distance[k], step = d / ray->index[k];
        to_t[l] = clear ? ray->bare[k] + link->rx_height : sample_of(ray, near, l);
        to_r[l] = clear ? link->tx_height : sample_of(ray, far, l);
        along_t[l] = clear ? d : (float)near * step;
        along_r[l] = clear ? d : (ray->index[k] - (float)far) * step;
        hidden->tx_km[l] = 1e-3f * (float)near * step;
        hidden->rx_km[l] = 1e-3f * (ray->index[k] - (float)far) * step;
        hidden->rough[l] = 0;
    }
    FOR_LANES {
        const float rx = ray->bare[first + l] + link->rx_height;
        hidden->tx_mrad[l] = mrad_of((to_t[l] - link->tx_height) / along_t[l] - along_t[l] * half);
        hidden->rx_mrad[l] = mrad_of((to_r[l] - rx) / along_r[l] - along_r[l] * half);
    }
}

/* Eqs 47–55. */
APART void set_ducting(const Ray *restrict ray, Hidden *restrict hidden, int first, const Link *restrict link,
                       const Terms *restrict terms) {
    const float antenna = ray->origin + link->tx_height;
    FOR_LANES {
        const int k = first + l;
        const float d = 1e-3f * ray->distance[k], slope = (ray->bare[k] + link->rx_height - link->tx_height) * ray->inverse_distance[k];
        const float slant = DB_PER_LOG2 * log2_of(1 + slope * slope), tx_km = hidden->tx_km[l], rx_km = hidden->rx_km[l];
        const float bent = terms->curve * d + min_of(hidden->tx_mrad[l], 0.1f * tx_km) + min_of(hidden->rx_mrad[l], 0.1f * rx_km);
        hidden->ducting[l] = terms->fixed + 2 * DB_PER_LOG2 * log2_of((tx_km + rx_km) / d) - slant + terms->angular * bent;
    }
    FOR_LANES {
        const float maritime = ray->sea[first + l] >= MARITIME ? 1 : 0, coast_km = ray->tx_coast_km[first + l];
        hidden->ducting[l] += terminal_db(hidden->tx_mrad[l], hidden->tx_km[l], coast_km, antenna, maritime, terms);
    }
    FOR_LANES {
        const float maritime = ray->sea[first + l] >= MARITIME ? 1 : 0, coast_km = ray->rx_coast_km[first + l];
        const float above_sea = ray->origin + ray->bare[first + l] + link->rx_height;
        hidden->ducting[l] += terminal_db(hidden->rx_mrad[l], hidden->rx_km[l], coast_km, above_sea, maritime, terms);
    }
    FOR_LANES {
        const int k = first + l;
        const float d = 1e-3f * ray->distance[k], at_tx = 2 * ray->mean1[k] - ray->mean2[k], at_rx = ray->mean2[k] - ray->mean1[k];
        const float ht = link->tx_height - min_of(at_tx, 0), hr = link->rx_height + ray->bare[k] - min_of(at_rx, ray->bare[k]);
        const float heights = sqrtf(ht) + sqrtf(hr), inland = max_of(ray->inland_km[k], 1e-6f);
        const float tau = 1 - exp_of(-4.12e-4f * exp2_of(2.41f * log2_of(inland)));
        const float alpha = max_of(-0.6f - 3.5e-9f * exp2_of(3.1f * log2_of(d)) * tau, -3.4f);
        const float log_mu2 = alpha * log2_of(0.5f * terms->curve * d * d / (heights * heights));
        hidden->beta[l] = ray->beta0[k] * exp2_of(max_of(min_of(log_mu2, 0), -100));
    }
}

/* Eqs 59–63 and 69. */
APART void set_hidden(const Ray *restrict ray, Hidden *restrict hidden, int first, const Link *restrict link,
                              const Terms *restrict terms, float *restrict loss) {
    const float *strong = ray->diffraction[terms->strong];
    FOR_LANES {
        const int k = first + l;
        const float d = 1e-3f * ray->distance[k], slope = (ray->bare[k] + link->rx_height - link->tx_height) * ray->inverse_distance[k];
        const float slant = DB_PER_LOG2 * log2_of(1 + slope * slope), reach = hidden->tx_km[l] + hidden->rx_km[l];
        const Levels levels = levels_of(ray, k, focusing_db(reach), strong, terms);
        const float rough = max_of(hidden->rough[l] - SMOOTH, 0), inner = min_of(d - reach, 40);
        const float beta = max_of(hidden->beta[l] * exp_of(-4.6e-5f * rough * (43 + 6 * inner)), 1e-30f);
        const float ducting = hidden->ducting[l] + ducting_time_db(terms->p, beta, d), apart = ducting - levels.los;
        const float enhanced = max_of(ducting, levels.los) +
                               2.5f * 0.69314718f * log2_of(1 + exp_of(-0.4f * fabsf(apart)));
        const float lowered = min_of(enhanced - levels.total, 0) * (1 - distance_weight(d));
        const float bent = terms->curve * d + hidden->tx_mrad[l] + hidden->rx_mrad[l], weight = angle_weight(bent);
        const float surface = levels.total + lowered + (levels.sea_los - levels.total - lowered) * weight;
        const float scatter = terms->scatter - slant + 0.573f * bent;
        const float found = max_of(levels.los, power_sum_db(scatter, surface) - terms->spread);
        loss[k] = ray->wanted[k] ? found : loss[k];
        hidden->ducted[l] = ray->wanted[k] & (-lowered * (1 - weight) > 2e-4f);
    }
}

/* The receivers of a tile that are wanted. First without roughness, which can only weaken the duct. */
static void hidden_tile(Ray *ray, int first, const Link *link, const Terms *terms, float *loss) {
    Hidden hidden;
    int rough = 0;
    set_horizons(ray, &hidden, first, link);
    set_ducting(ray, &hidden, first, link, terms);
    set_hidden(ray, &hidden, first, link, terms, loss);
    for (int l = 0; l < LANES; l++) {
        if (!hidden.ducted[l]) continue;
        const int k = first + l, far = ray->rx_horizon[k];
        hidden.rough[l] = roughness(ray, k, ray->bare_sight[k] ? far : ray->tx_horizon[k], far);
        rough |= hidden.rough[l] > SMOOTH;
    }
    if (rough) set_hidden(ray, &hidden, first, link, terms, loss);
}

/* Basic transmission loss over free space of targets from … n, into `loss`, which has room up to the end of a tile. */
static void combine(Ray *ray, int from, int n, const Link *link, const Terms *terms, float *loss) {
    const int start = from / LANES * LANES;
    open_paths(ray, from, n, link, terms, loss);
    find_hidden(ray, from, n, link, terms);
    for (int k = start; k < from; k++) ray->wanted[k] = 0;
    for (int k = n + 1; k % LANES; k++) ray->wanted[k] = 0;
    for (int first = start; first <= n; first += LANES) {
        int any = 0;
        FOR_LANES any |= ray->wanted[first + l];
        if (!any) continue;
        index_tile(ray, first, link);
        hidden_tile(ray, first, link, terms, loss);
    }
}
