/*
 * Lagrangian bounds of covering problems: what `coverage/planning/relaxation.py` does in NumPy.
 *
 * Relaxed are "an element is covered only by a chosen candidate" (price[e], at most what the element is worth), the
 * rules (row_price) and the floors (floor_price). One more number, the pivot, is found exactly in every step: the price
 * of money where value is sought, the scale of all prices where cost is. Any prices give a bound that holds.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"

/* How much of a step follows the newest slope, and how much of the mean choice is the newest choice. */
static const double BLEND = 0.2, MIX = 0.05;

typedef struct {
    const double *weight;   /* what an element is worth by itself; zero where cost is sought */
    const double *cost;
    double money;           /* value sought: the budget */
    double best;            /* value, or minus cost, of the best choice known: where the steps aim */
    double cap;             /* of the prices of the first `simplex` floors, which sum to 1 */
    int32_t cheapest, simplex, iterations, patience;
    double step;            /* in and out: share of the way to `best` that a step takes */
} Sought;

typedef struct {
    double *price, *row_price, *floor_price;             /* in: where to begin; out: those of the best bound */
    const double *row_scale, *floor_scale;               /* how far the prices of rules and floors move, times `unit` */
    double *reduced;                                     /* out: of each candidate, at the best bound */
    double *smooth;                                      /* in and out: slopes of late steps, averaged */
    double *mean;                                        /* in and out: the choices of late steps, averaged */
    double pivot;
    double bound;                                        /* out: in the unit of value, or minus cost */
    int32_t infeasible;                                  /* out: no choice, not even a broken one, does it */
} Dual;

typedef struct {
    double at, value, slope;
} Point;

typedef struct { /* sum over groups of the best of p t + q, or nothing; plus a t + b */
    const Cover *cover;
    const double *p, *q;
    double a, b;
    double *top;       /* of each group */
    int32_t *leader;
} Line;

static Point point(const Line *line, double t) {
    const Cover *c = line->cover;
    Point out = {t, line->a * t + line->b, line->a};
    for (int g = 0; g < c->groups; g++) line->top[g] = 0, line->leader[g] = -1;
    for (int j = 0; j < c->n; j++) {
        if (c->state[j] < 0) continue;
        const double r = line->p[j] * t + line->q[j];
        const int g = c->group[j];
        if (c->state[j] > 0 || (g < 0 && r > 0)) {
            out.value += r, out.slope += line->p[j];
        } else if (g >= 0 && r > line->top[g]) {
            line->top[g] = r, line->leader[g] = j;
        }
    }
    for (int g = 0; g < c->groups; g++)
        if (line->leader[g] >= 0) out.value += line->top[g], out.slope += line->p[line->leader[g]];
    return out;
}

/* The choice behind a point, each candidate taken `share`. */
static void take(const Line *line, double t, double share, double *x) {
    const Cover *c = line->cover;
    point(line, t);
    for (int j = 0; j < c->n; j++)
        if (c->state[j] > 0 || (c->state[j] == 0 && c->group[j] < 0 && line->p[j] * t + line->q[j] > 0)) x[j] += share;
    for (int g = 0; g < c->groups; g++)
        if (line->leader[g] >= 0) x[line->leader[g]] += share;
}

/* The least of the convex line over t >= 0 from a guess, and the mix of choices in which its slope is zero. */
static int lowest(const Line *line, double guess, Point *found, double *x) {
    if (!(guess > 0)) guess = 1;
    Point low = point(line, guess * 0.97), high = low;
    memset(x, 0, (size_t)line->cover->n * sizeof *x);
    for (double factor = 0.9; low.slope >= 0 && low.at > 0; factor *= factor) {
        high = low;
        low = point(line, low.at > guess * 1e-6 ? low.at * factor : 0);
    }
    if (low.slope >= 0) {
        *found = low;
        take(line, low.at, 1, x);
        return 0;
    }
    if (high.at == low.at) high = point(line, guess * 1.03);
    for (double factor = 1.1; high.slope < 0; factor *= factor) {
        if (high.at > 1e100 * guess) return 1; /* falls for ever */
        low = high;
        high = point(line, high.at * factor);
    }
    for (int step = 0; step < 100; step++) {
        const double gap = low.slope - high.slope;
        double t = (high.value - high.slope * high.at - low.value + low.slope * low.at) / gap;
        if (!(t > low.at && t < high.at)) break;
        const double foot = low.value + low.slope * (t - low.at);
        if (step % 4 == 3) t = (low.at + high.at) / 2;
        const Point here = point(line, t);
        if (here.slope < 0) low = here;
        else high = here;
        if (here.value <= foot + 1e-13 * fabs(foot)) break;
    }
    const double share = high.slope > low.slope ? high.slope / (high.slope - low.slope) : 0;
    *found = low.value < high.value ? low : high;
    take(line, low.at, share, x);
    take(line, high.at, 1 - share, x);
    return 0;
}

typedef struct {
    double unit;            /* what all elements are worth together */
    double *worth;          /* of each element */
    double *cover;          /* how often each is covered, in the mean choice */
    double *slope;          /* of the bound by each price */
    double *row_slope, *floor_slope, *x, *sum, *top, *q;
    int32_t *leader;
    char *given;            /* covered by what must be chosen */
    double *kept;           /* the best prices */
} Room;

static void *space(Room *r, const Cover *c) {
    const size_t m = (size_t)c->m, n = (size_t)c->n, k = (size_t)c->rows, f = (size_t)c->floors, g = (size_t)c->groups;
    double *all = calloc(4 * m + 4 * n + 2 * k + 2 * f + g + 4, sizeof(double));
    if (!all) return NULL;
    r->worth = all, r->cover = r->worth + m, r->slope = r->cover + m, r->kept = r->slope + m;
    r->x = r->kept + m + k + f, r->sum = r->x + n, r->q = r->sum + n;
    r->row_slope = r->q + n, r->floor_slope = r->row_slope + k, r->top = r->floor_slope + f;
    r->leader = malloc((g + 1) * sizeof(int32_t));
    r->given = calloc(m + 1, 1);
    return all;
}

static void price_elements(const Cover *c, const Sought *s, const Dual *d, Room *r) {
    for (int e = 0; e < c->m; e++) {
        double worth = s->weight[e];
        for (int k = c->floor_at[e]; k < c->floor_at[e + 1]; k++) worth += d->floor_price[c->floor[k]] * c->floor_weight[k];
        r->worth[e] = worth;
        if (r->given[e]) d->price[e] = 0;
        else if (d->price[e] > worth) d->price[e] = worth;
    }
}

/* The bound at some prices, what it chooses, and the prices scaled by the pivot where cost is sought. */
static double evaluate(const Cover *c, const Sought *s, Dual *d, Room *r) {
    price_elements(c, s, d, r);
    double rest = 0;
    for (int e = 0; e < c->m; e++) rest += r->worth[e] - d->price[e];
    for (int k = 0; k < c->rows; k++) rest += d->row_price[k] * c->upper[k];
    for (int k = 0; k < c->floors; k++) rest -= d->floor_price[k] * c->need[k];
    for (int j = 0; j < c->n; j++) {
        double sum = 0;
        if (c->state[j] >= 0) {
            for (int k = c->set_at[j]; k < c->set_at[j + 1]; k++) sum += d->price[c->set[k]];
            for (int k = c->row_at[j]; k < c->row_at[j + 1]; k++) sum -= d->row_price[c->row[k]] * c->usage[k];
        }
        r->sum[j] = sum;
        r->q[j] = -s->cost[j];
    }
    Point at;
    Line line = {c, s->cheapest ? r->sum : r->q, s->cheapest ? r->q : r->sum, s->cheapest ? rest : s->money,
                 s->cheapest ? 0 : rest, r->top, r->leader};
    if (lowest(&line, d->pivot, &at, r->x)) {
        d->infeasible = 1;
        return -INFINITY;
    }
    d->pivot = at.at;
    const double t = s->cheapest ? at.at : 1, money = s->cheapest ? 1 : at.at;
    for (int j = 0; j < c->n; j++) r->q[j] = t * r->sum[j] - money * s->cost[j]; /* reduced values */
    if (s->cheapest && t > 0) {
        for (int e = 0; e < c->m; e++) d->price[e] *= t, r->worth[e] *= t;
        for (int k = 0; k < c->rows; k++) d->row_price[k] *= t;
        for (int k = 0; k < c->floors; k++) d->floor_price[k] *= t;
        d->pivot = 1;
    }
    return at.value;
}

/* Slopes of the bound by every price that may move, and the sum of their squares, each by its scale. */
static double slopes(const Cover *c, const Dual *d, Room *r) {
    memset(r->cover, 0, (size_t)c->m * sizeof(double));
    for (int k = 0; k < c->rows; k++) r->row_slope[k] = c->upper[k];
    for (int k = 0; k < c->floors; k++) r->floor_slope[k] = -c->need[k];
    for (int j = 0; j < c->n; j++) {
        if (r->x[j] <= 0) continue;
        for (int k = c->set_at[j]; k < c->set_at[j + 1]; k++) r->cover[c->set[k]] += r->x[j];
        for (int k = c->row_at[j]; k < c->row_at[j + 1]; k++) r->row_slope[c->row[k]] -= c->usage[k] * r->x[j];
    }
    double norm = 0;
    r->unit = 0; /* prices of rules are money where cost is sought: they move with what all elements are worth */
    for (int e = 0; e < c->m; e++) r->unit += r->worth[e];
    for (int e = 0; e < c->m; e++) {
        const double price = d->price[e], worth = r->worth[e], cover = r->cover[e];
        const double here = r->given[e] || price < worth ? 1 : (cover < 1 ? cover : 1); /* at the top any share will do */
        double slope = cover - here;
        if (r->given[e] || (price <= 0 && slope > 0)) slope = 0;
        d->smooth[e] += BLEND * (slope - d->smooth[e]);
        slope = d->smooth[e];
        if (price <= 0 && slope > 0) slope = 0;
        r->slope[e] = slope;
        norm += worth * slope * slope;
        if (here > 0)
            for (int k = c->floor_at[e]; k < c->floor_at[e + 1]; k++) r->floor_slope[c->floor[k]] += here * c->floor_weight[k];
    }
    for (int k = 0; k < c->rows; k++) {
        if (d->row_price[k] <= 0 && r->row_slope[k] > 0) r->row_slope[k] = 0;
        norm += r->unit * d->row_scale[k] * r->row_slope[k] * r->row_slope[k];
    }
    for (int k = 0; k < c->floors; k++) {
        if (d->floor_price[k] <= 0 && r->floor_slope[k] > 0) r->floor_slope[k] = 0;
        norm += r->unit * d->floor_scale[k] * r->floor_slope[k] * r->floor_slope[k];
    }
    return norm;
}

/* The nearest prices that lie between 0 and cap and sum to 1. */
static void onto_simplex(double *price, int count, double cap) {
    double low = price[0] - cap, high = price[0];
    for (int k = 1; k < count; k++) low = fmin(low, price[k] - cap), high = fmax(high, price[k]);
    for (int step = 0; step < 60; step++) { /* all at cap if moved by `low`, all at 0 if by `high` */
        const double middle = (low + high) / 2;
        double sum = 0;
        for (int k = 0; k < count; k++) sum += fmin(cap, fmax(0, price[k] - middle));
        if (sum > 1) low = middle;
        else high = middle;
    }
    double sum = 0;
    for (int k = 0; k < count; k++) sum += price[k] = fmin(cap, fmax(0, price[k] - low));
    for (int k = 0; k < count; k++) price[k] /= sum; /* a hair above 1: still within cap */
}

static void keep(const Cover *c, const Dual *d, Room *r) {
    memcpy(r->kept, d->price, (size_t)c->m * sizeof(double));
    memcpy(r->kept + c->m, d->row_price, (size_t)c->rows * sizeof(double));
    memcpy(r->kept + c->m + c->rows, d->floor_price, (size_t)c->floors * sizeof(double));
}

static void recall(const Cover *c, const Dual *d, const Room *r) {
    memcpy(d->price, r->kept, (size_t)c->m * sizeof(double));
    memcpy(d->row_price, r->kept + c->m, (size_t)c->rows * sizeof(double));
    memcpy(d->floor_price, r->kept + c->m + c->rows, (size_t)c->floors * sizeof(double));
}

static void move(const Cover *c, const Sought *s, const Dual *d, const Room *r, double length) {
    for (int e = 0; e < c->m; e++) {
        const double price = d->price[e] - length * r->worth[e] * r->slope[e];
        d->price[e] = price < 0 ? 0 : (price > r->worth[e] ? r->worth[e] : price);
    }
    length *= r->unit;
    for (int k = 0; k < c->rows; k++) d->row_price[k] = fmax(0, d->row_price[k] - length * d->row_scale[k] * r->row_slope[k]);
    for (int k = 0; k < c->floors; k++)
        d->floor_price[k] = fmax(s->cheapest ? d->floor_price[k] / 2 : 0, /* were all 0, nothing would move any more */
                                 d->floor_price[k] - length * d->floor_scale[k] * r->floor_slope[k]);
    if (s->simplex) onto_simplex(d->floor_price, s->simplex, s->cap);
}

/* Lower the bound by sub-gradient steps towards the best choice known. 0: done; 1: no memory. */
int phusong_bound(const Cover *c, Sought *s, Dual *d) {
    Room r;
    void *all = space(&r, c);
    if (!all || !r.leader || !r.given) return 1;
    for (int j = 0; j < c->n; j++)
        if (c->state[j] > 0)
            for (int k = c->set_at[j]; k < c->set_at[j + 1]; k++) r.given[c->set[k]] = 1;
    double best = INFINITY;
    d->infeasible = 0;
    for (int step = 0, idle = 0; step < s->iterations; step++) {
        const double bound = evaluate(c, s, d, &r);
        if (d->infeasible) { best = bound; break; }
        idle = bound < best - 1e-7 * fabs(best) || step == 0 ? 0 : idle + 1;
        if (bound < best) {
            best = bound;
            keep(c, d, &r);
            memcpy(d->reduced, r.q, (size_t)c->n * sizeof(double));
        }
        for (int j = 0; j < c->n; j++) d->mean[j] += MIX * (r.x[j] - d->mean[j]);
        if (best <= s->best) break;
        if (idle >= s->patience) {
            idle = 0, s->step *= 0.6;
            recall(c, d, &r);
            continue;
        }
        const double norm = slopes(c, d, &r);
        if (norm <= 0 || s->step < 1e-4) break;
        move(c, s, d, &r, s->step * (bound - s->best) / norm);
    }
    if (best < INFINITY && !d->infeasible) recall(c, d, &r);
    d->bound = best;
    free(all), free(r.leader), free(r.given);
    return 0;
}
