/*
 * Local search for covering problems: what `coverage/planning/ruins.py` does in NumPy, choice by choice.
 *
 * A round takes some neighbouring candidates out of the choice, fills it up again greedily, and keeps the new choice if it
 * is better, or by a chance that falls from round to round. For each candidate `gain` is what it would add, or, for one
 * that is chosen, what only it covers; both are kept up to date with every move.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"

typedef struct {
    const double *weight, *cost;
    double target;          /* cost sought: value to reach; else infinite */
    double heat, noise;     /* in the unit of the objective; share by which greedy errs */
    int32_t rounds, most_out;
    uint64_t seed;
    int8_t *chosen;         /* in and out */
    double score;           /* out: value, or minus cost; -infinite where no allowed choice was found */
} Hunt;

typedef struct {
    const Cover *c;
    const Hunt *h;
    int8_t *in;
    int32_t *count, *members, *order, *where, *log; /* members: the chosen, in any order; where: their place there */
    int32_t size, logged;
    double *gain, *used, *reached, *taken;          /* taken: of each group */
    double *lost;                                   /* room to add up what floors would lose */
    double *add;                                    /* of each candidate, what it would add to each floor */
    double value, cost;
    uint64_t random;
} State;

static double draw(State *s) { /* xorshift64*: uniform in [0, 1) */
    s->random ^= s->random >> 12, s->random ^= s->random << 25, s->random ^= s->random >> 27;
    return (double)((s->random * 2685821657736338717ULL) >> 11) / 9007199254740992.0;
}

static int32_t below(State *s, int32_t count) { return (int32_t)(draw(s) * count); }

static void lone(State *s, int32_t e, int32_t but, double change) { /* the one chosen candidate that covers e */
    for (int k = s->c->by_at[e]; k < s->c->by_at[e + 1]; k++)
        if (s->in[s->c->by[k]] && s->c->by[k] != but) {
            s->gain[s->c->by[k]] += change;
            return;
        }
}

static void open_or_close(State *s, int32_t e, int32_t but, double change) { /* for all that may cover e */
    for (int k = s->c->by_at[e]; k < s->c->by_at[e + 1]; k++)
        if (s->c->by[k] != but) s->gain[s->c->by[k]] += change;
}

static void move(State *s, int32_t j, int sign) {
    const Cover *c = s->c;
    s->value += sign * s->gain[j], s->cost += sign * s->h->cost[j];
    for (int k = c->set_at[j]; k < c->set_at[j + 1]; k++) {
        const int32_t e = c->set[k];
        const double weight = s->h->weight[e];
        const int before = s->count[e], after = s->count[e] = before + sign;
        if (before + after == 1) { /* covered or no longer */
            if (weight > 0) open_or_close(s, e, j, -sign * weight);
            for (int f = c->floor_at[e]; f < c->floor_at[e + 1]; f++) {
                const double part = sign * c->floor_weight[f];
                s->reached[c->floor[f]] += part;
                for (int k = c->by_at[e]; k < c->by_at[e + 1]; k++) s->add[(size_t)c->by[k] * c->floors + c->floor[f]] -= part;
            }
        } else if (before + after == 3 && weight > 0) {
            lone(s, e, j, -sign * weight);
        }
    }
    for (int k = c->row_at[j]; k < c->row_at[j + 1]; k++) s->used[c->row[k]] += sign * c->usage[k];
    if (c->group[j] >= 0) s->taken[c->group[j]] += sign;
    s->in[j] = sign > 0;
    if (sign > 0) {
        s->where[j] = s->size, s->members[s->size++] = j;
    } else {
        const int32_t last = s->members[--s->size];
        s->members[s->where[j]] = last, s->where[last] = s->where[j];
    }
    s->log[s->logged++] = sign > 0 ? j : ~j;
}

static int fits(const State *s, int32_t j) {
    const Cover *c = s->c;
    if (s->in[j] || c->state[j] < 0 || (c->group[j] >= 0 && s->taken[c->group[j]] > 0)) return 0;
    for (int k = c->row_at[j]; k < c->row_at[j + 1]; k++)
        if (c->usage[k] > 0 && s->used[c->row[k]] + c->usage[k] > c->upper[c->row[k]]) return 0;
    return 1;
}

static int may_go(const State *s, int32_t j) {
    const Cover *c = s->c;
    if (c->state[j] > 0) return 0;
    for (int k = c->row_at[j]; k < c->row_at[j + 1]; k++)
        if (c->usage[k] < 0 && s->used[c->row[k]] - c->usage[k] > c->upper[c->row[k]]) return 0;
    return 1;
}

static int floors_hold(const State *s) {
    for (int f = 0; f < s->c->floors; f++)
        if (s->reached[f] < s->c->need[f]) return 0;
    return 1;
}

/* What a candidate adds to the target and to floors that are not reached, each in shares of what it misses, at most `most`. */
static double relief(const State *s, int32_t j, double miss, double most) {
    const double *add = s->add + (size_t)j * s->c->floors;
    double sum = isinf(miss) || miss <= 0 ? 0 : fmin(most, s->gain[j] / miss);
    for (int f = 0; f < s->c->floors; f++) {
        const double left = s->c->need[f] - s->reached[f];
        if (left > 0) sum += fmin(most, add[f] / left);
    }
    return sum;
}

static int better_last(const State *s, int32_t j, double miss, int32_t than) { /* reaches the target, and cheaper */
    return s->gain[j] >= miss && (than < 0 || s->h->cost[j] < s->h->cost[than]);
}

/* The next candidate to add: most gain (or relief) per cost; one that reaches the target where that is cheaper. */
static int32_t next(State *s, double noise, double top) {
    const double miss = s->h->target - s->value;
    const int lacking = !floors_hold(s);
    int32_t best = -1, last = -1;
    double most = 0;
    for (int32_t j = 0; j < s->c->n; j++) {
        if (s->in[j] || (!lacking && !(s->gain[j] > 0))) continue;
        double rate = (lacking ? (fits(s, j) ? relief(s, j, miss, top) : 0) : s->gain[j]) / fmax(s->h->cost[j], 1e-300);
        if (noise > 0) rate *= 1 + noise * draw(s);
        if (rate > most && fits(s, j)) most = rate, best = j;
        if (!lacking && better_last(s, j, miss, last) && fits(s, j)) last = j;
    }
    return last >= 0 && s->h->cost[last] <= s->h->cost[best] ? last : best;
}

static int reached(const State *s) { return s->value >= s->h->target; }

static int fill(State *s, double noise) { /* 1 where all that must be reached is */
    /* In every other round floors are filled as if more than enough were better: such choices lie elsewhere. */
    const double top = noise > 0 && s->c->floors && draw(s) < 0.5 ? INFINITY : 1;
    while (!(reached(s) && floors_hold(s))) {
        const int32_t j = next(s, noise, top);
        if (j < 0) break;
        move(s, j, 1);
    }
    return floors_hold(s) && (isinf(s->h->target) || reached(s));
}

static int spared(const State *s, int32_t j, double spare) { /* without it all that must be reached still is */
    if (s->gain[j] > spare || !may_go(s, j)) return 0;
    if (!s->c->floors) return 1;
    const Cover *c = s->c;
    double *lost = s->lost;
    memset(lost, 0, (size_t)c->floors * sizeof(double));
    for (int k = c->set_at[j]; k < c->set_at[j + 1]; k++) {
        const int32_t e = c->set[k];
        if (s->count[e] != 1) continue;
        for (int f = c->floor_at[e]; f < c->floor_at[e + 1]; f++) lost[c->floor[f]] += c->floor_weight[f];
    }
    for (int f = 0; f < c->floors; f++)
        if (lost[f] > 0 && s->reached[f] - lost[f] < c->need[f]) return 0;
    return 1;
}

/* Take out what is not needed any more, the costliest first. */
static void thin(State *s) {
    for (;;) {
        int32_t out = -1;
        const double spare = isinf(s->h->target) ? 0 : s->value - s->h->target;
        for (int32_t k = 0; k < s->size; k++) {
            const int32_t j = s->members[k];
            const int dearer = out < 0 || s->h->cost[j] > s->h->cost[out] || (s->h->cost[j] == s->h->cost[out] && j < out);
            if (dearer && spared(s, j, spare)) out = j;
        }
        if (out < 0) return;
        move(s, out, -1);
        if (!floors_hold(s)) { /* by rounding */
            move(s, out, 1);
            return;
        }
    }
}

static double score(const State *s) { return isinf(s->h->target) ? s->value : -s->cost; }

/* A chosen candidate near another: what covers something near something that it covers. */
static int32_t neighbour(State *s, int32_t j) {
    const Cover *c = s->c;
    for (int step = 0; step < 2; step++) {
        const int32_t count = c->set_at[j + 1] - c->set_at[j];
        if (!count) break;
        const int32_t e = c->set[c->set_at[j] + below(s, count)];
        j = c->by[c->by_at[e] + below(s, c->by_at[e + 1] - c->by_at[e])];
        if (s->in[j]) return j;
    }
    return s->members[below(s, s->size)];
}

static void ruin(State *s) {
    const int32_t wanted = 1 + below(s, s->h->most_out);
    int32_t from = s->members[below(s, s->size)];
    for (int32_t out = 0; out < wanted && s->size; out++) {
        const int32_t j = out ? neighbour(s, from) : from;
        if (s->in[j] && may_go(s, j)) move(s, j, -1), from = j;
    }
}

static void undo(State *s) {
    for (int32_t k = s->logged - 1; k >= 0; k--) {
        const int32_t j = s->log[k] < 0 ? ~s->log[k] : s->log[k];
        move(s, j, s->log[k] < 0 ? 1 : -1);
        s->logged--; /* of the undoing itself */
    }
    s->logged = 0;
}

static int start(State *s, const Cover *c, const Hunt *h) {
    const size_t n = (size_t)c->n, m = (size_t)c->m;
    s->c = c, s->h = h, s->size = s->logged = 0, s->value = s->cost = 0;
    s->random = h->seed * 0x9E3779B97F4A7C15ULL + 0x2545F4914F6CDD1DULL;
    s->in = calloc(n + 1, 1);
    s->count = calloc(m + 1, sizeof(int32_t));
    s->members = malloc((n + 1) * sizeof(int32_t)), s->where = malloc((n + 1) * sizeof(int32_t));
    s->log = malloc((8 * n + 64) * sizeof(int32_t));
    s->gain = calloc(n + 1, sizeof(double));
    s->used = calloc((size_t)c->rows + 1, sizeof(double)), s->reached = calloc((size_t)c->floors + 1, sizeof(double));
    s->taken = calloc((size_t)c->groups + 1, sizeof(double)), s->lost = calloc((size_t)c->floors + 1, sizeof(double));
    s->add = calloc(n * (size_t)c->floors + 1, sizeof(double));
    if (!(s->in && s->count && s->members && s->where && s->log && s->gain && s->used && s->reached && s->taken)) return 1;
    if (!(s->add && s->lost)) return 1;
    for (int32_t j = 0; j < c->n; j++)
        for (int k = c->set_at[j]; k < c->set_at[j + 1]; k++) {
            const int32_t e = c->set[k];
            s->gain[j] += h->weight[e];
            for (int f = c->floor_at[e]; f < c->floor_at[e + 1]; f++)
                s->add[(size_t)j * c->floors + c->floor[f]] += c->floor_weight[f];
        }
    for (int32_t j = 0; j < c->n; j++)
        if (h->chosen[j]) move(s, j, 1);
    s->logged = 0;
    return 0;
}

static void end(State *s) {
    free(s->in), free(s->count), free(s->members), free(s->where), free(s->log);
    free(s->gain), free(s->used), free(s->reached), free(s->taken), free(s->add), free(s->lost);
}

/* Improve a choice; it must be allowed but for what filling it up can mend. 0: done; 1: no memory. */
int phusong_search(const Cover *c, Hunt *h) {
    State s;
    if (start(&s, c, h)) return end(&s), 1;
    h->score = -INFINITY;
    if (fill(&s, 0)) {
        thin(&s);
        memcpy(h->chosen, s.in, (size_t)c->n);
        h->score = score(&s);
    }
    s.logged = 0;
    double now = h->score;
    for (int32_t round = 0; round < h->rounds && s.size; round++) {
        ruin(&s);
        const int whole = fill(&s, h->noise);
        if (whole) thin(&s);
        const double heat = h->heat * (1 - (double)round / h->rounds), then = score(&s);
        if (!whole || then < now + heat * log(draw(&s) + 1e-300)) {
            undo(&s);
            continue;
        }
        s.logged = 0, now = then;
        if (then > h->score + 1e-12 * fabs(h->score)) {
            h->score = then;
            memcpy(h->chosen, s.in, (size_t)c->n);
        }
    }
    return end(&s), 0;
}
