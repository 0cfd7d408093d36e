/* What the loops of covering share: as `_Cover` in __init__.py. */
#include <stdint.h>

typedef struct {
    int32_t n, m, rows, floors, groups;
    const int32_t *set_at, *set;         /* elements of each candidate */
    const int32_t *by_at, *by;           /* candidates of each element */
    const int32_t *row_at, *row;         /* rules "usage <= upper" that each candidate takes part in */
    const double *usage, *upper;
    const int32_t *floor_at, *floor;     /* floors that each element counts for */
    const double *floor_weight, *need;
    const int32_t *group;                /* at most one of a group; -1: of none */
    const int8_t *state;                 /* 1 must be chosen, -1 may not be, 0 free */
} Cover;
