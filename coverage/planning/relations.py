"""Rules that hold between candidates: what shuts each other out, what needs another, how many a ward may get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

import numpy as np
import shapely
from scipy.spatial import KDTree

from coverage.planning.drafts import Draft
from coverage.planning.problem import Cap, IntArray
from coverage.planning.rules import Rules


def exclusive_groups(drafts: list[Draft], rules: Rules) -> tuple[IntArray, ...]:
    """Return the groups of which at most one may be chosen: same slot, or masts nearer than the least distance."""
    slots: dict[Hashable, list[int]] = defaultdict(list)
    for n, draft in enumerate(drafts):
        for slot in draft.slots:
            slots[slot].append(n)
    groups = {tuple(members): None for members in slots.values() if len(members) > 1}
    masts = [n for n, draft in enumerate(drafts) if draft.mast in ("type1", "camouflaged")]
    if rules.min_distance_m > 0 and len(masts) > 1:
        places = shapely.get_coordinates([drafts[n].place for n in masts])
        # Closer than the distance: at exactly that distance both may stand.
        pairs = KDTree(places).query_pairs(np.nextafter(rules.min_distance_m, 0.0), output_type="ndarray")
        for clique in cliques(pairs, len(masts)):
            groups[tuple(masts[k] for k in clique)] = None
    return tuple(np.array(group, dtype=np.int64) for group in groups)


def cliques(pairs: IntArray, count: int) -> list[list[int]]:
    """Return groups of mutually conflicting members that hold every conflicting pair, few and large rather than many.

    One inequality for a clique is tighter than one for each of its pairs.

    Parameters
    ----------
    pairs : int ndarray of shape (k, 2)
    count : int
        Members are 0 … count − 1.
    """
    near: list[set[int]] = [set() for _ in range(count)]
    for a, b in pairs.tolist():
        near[a].add(b)
        near[b].add(a)
    left = {(min(a, b), max(a, b)) for a, b in pairs.tolist()}
    groups: list[list[int]] = []
    for a, b in sorted(left):
        if (a, b) not in left:
            continue
        group, common = [a, b], near[a] & near[b]
        while common:
            best = max(sorted(common), key=lambda k: len(near[k] & common))
            group.append(best)
            common &= near[best]
        group.sort()
        left -= {(p, q) for i, p in enumerate(group) for q in group[i + 1 :]}
        groups.append(group)
    return groups


def ward_caps(drafts: list[Draft], rules: Rules) -> tuple[Cap, ...]:
    """Return the wards that may get fewer new masts than there are candidates for; small cells do not count."""
    new: dict[str, list[int]] = defaultdict(list)
    for n, draft in enumerate(drafts):
        if draft.mast in ("type1", "camouflaged") and draft.ward_id is not None:
            new[draft.ward_id].append(n)
    limits = ((ward, members, rules.most_new_in(ward)) for ward, members in sorted(new.items()))
    return tuple(
        Cap(
            members=np.array(members, dtype=np.int64),
            usage=np.ones(len(members)),
            upper=float(most),
            name=f"max_new_per_ward:{ward}",
        )
        for ward, members, most in limits
        if most is not None and len(members) > most
    )


def needed(drafts: list[Draft]) -> tuple[tuple[int, int], ...]:
    """Return the pairs (a, b) of which a makes sense only together with b."""
    at = {draft.id: n for n, draft in enumerate(drafts)}
    return tuple((n, at[draft.needs]) for n, draft in enumerate(drafts) if draft.needs is not None)
