"""Local search by ruin and repair: in C where it can be compiled, else by the same choices in NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coverage.planning import native
from coverage.planning.model import Hunt, Model
from coverage.planning.problem import FloatArray


def searched(model: Model, hunt: Hunt, chosen: NDArray[np.int8]) -> tuple[NDArray[np.int8], float]:
    """Return a better choice and its score.

    Parameters
    ----------
    model : Model
        Of `Flat.searching`.
    hunt : Hunt
    chosen : int8 ndarray of shape (candidates,)
        Where to begin: within the rules; it is filled up greedily first.

    Returns
    -------
    int8 ndarray, float
        The best choice and its value, or minus its cost where a target is to be reached; −∞ where none was found that
        keeps floors and target, and the choice is then the one that was given.

    Notes
    -----
    Each round takes some candidates that lie near each other out and fills up again, most gain per cost first with some
    noise (ruin and recreate, Schrimpf et al. 2000); worse choices are kept by a chance that falls to zero.
    """
    library = native.library()
    if library is not None:
        return native.searched(library, model, hunt, chosen)
    return _State(model, hunt).run(chosen)


class _State:
    """The state of search.c, candidate by candidate."""

    def __init__(self, model: Model, hunt: Hunt) -> None:
        n, m, rows, floors, groups = model.sizes
        self.model, self.hunt = model, hunt
        self.inside = np.zeros(n, dtype=np.int8)
        self.count = np.zeros(m, dtype=np.int64)
        owner = np.repeat(np.arange(n), np.diff(model.set_at))
        self.gain = np.bincount(owner, model.weight[model.set], minlength=n)
        self.used, self.reached, self.taken = np.zeros(rows), np.zeros(floors), np.zeros(groups)
        self.members: list[int] = []
        self.log: list[int] = []
        self.value = self.cost = 0.0
        self.random = (hunt.seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % 2**64

    def draw(self) -> float:
        """Return a number in [0, 1), by xorshift64*."""
        r = self.random
        r ^= r >> 12
        r ^= (r << 25) % 2**64
        self.random = r = r ^ (r >> 27)
        return float(((r * 2685821657736338717) % 2**64) >> 11) / 9007199254740992.0

    def below(self, count: int) -> int:
        """Return a whole number below another."""
        return int(self.draw() * count)

    def elements(self, j: int) -> NDArray[np.int32]:
        """Return what a candidate covers."""
        return self.model.set[self.model.set_at[j] : self.model.set_at[j + 1]]

    def move(self, j: int, sign: int) -> None:
        """Choose a candidate (1) or drop it (−1)."""
        model, weight = self.model, self.model.weight
        self.value += sign * float(self.gain[j])
        self.cost += sign * float(model.cost[j])
        for e in self.elements(j).tolist():
            before = int(self.count[e])
            self.count[e] = after = before + sign
            near = model.by[model.by_at[e] : model.by_at[e + 1]]
            if before + after == 1:
                self.gain[near[near != j]] -= sign * weight[e]
                part = slice(model.floor_at[e], model.floor_at[e + 1])
                self.reached[model.floor[part]] += sign * model.floor_weight[part]
            elif before + after == 3:
                self.gain[next(k for k in near.tolist() if self.inside[k] and k != j)] -= sign * weight[e]
        part = slice(model.row_at[j], model.row_at[j + 1])
        self.used[model.row[part]] += sign * model.usage[part]
        if model.group[j] >= 0:
            self.taken[model.group[j]] += sign
        self.inside[j] = sign > 0
        if sign > 0:
            self.members.append(j)
        else:
            place, last = self.members.index(j), self.members.pop()
            if last != j:
                self.members[place] = last
        self.log.append(j if sign > 0 else ~j)

    def fits(self, j: int) -> bool:
        """Tell whether a candidate may be added."""
        model = self.model
        if self.inside[j] or model.state[j] < 0 or (model.group[j] >= 0 and self.taken[model.group[j]] > 0):
            return False
        part = slice(model.row_at[j], model.row_at[j + 1])
        row, usage = model.row[part], model.usage[part]
        return not ((usage > 0) & (self.used[row] + usage > model.upper[row])).any()

    def may_go(self, j: int) -> bool:
        """Tell whether a candidate may be dropped."""
        model = self.model
        part = slice(model.row_at[j], model.row_at[j + 1])
        row, usage = model.row[part], model.usage[part]
        return model.state[j] <= 0 and not ((usage < 0) & (self.used[row] - usage > model.upper[row])).any()

    def floors_hold(self) -> bool:
        """Tell whether all floors are reached."""
        return not (self.reached < self.model.need).any()

    def added(self, j: int, times: int) -> FloatArray:
        """Return what the elements of a candidate that are covered so many times mean for each floor."""
        model, sums = self.model, np.zeros(len(self.reached))
        for e in self.elements(j).tolist():
            if self.count[e] == times:
                part = slice(model.floor_at[e], model.floor_at[e + 1])
                sums[model.floor[part]] += model.floor_weight[part]
        return sums

    def relief(self, j: int, miss: float, most: float) -> float:
        """Return what a candidate adds to the target and open floors, in shares of what each misses, at most `most`."""
        left = self.model.need - self.reached
        open_ = left > 0
        total = float(np.minimum(most, self.added(j, 0)[open_] / left[open_]).sum())
        return total + (0.0 if math.isinf(miss) or miss <= 0 else min(most, float(self.gain[j]) / miss))

    def next(self, noise: float, top: float) -> int:
        """Return the candidate to add next, −1 where none helps."""
        cost, miss, lacking = self.model.cost, self.hunt.target - self.value, not self.floors_hold()
        best, last, most = -1, -1, 0.0
        for j in range(len(cost)):
            if self.inside[j] or (not lacking and not self.gain[j] > 0):
                continue
            rate = (self.relief(j, miss, top) if self.fits(j) else 0.0) if lacking else float(self.gain[j])
            rate /= max(float(cost[j]), 1e-300)
            if noise > 0:
                rate *= 1 + noise * self.draw()
            if rate > most and self.fits(j):
                most, best = rate, j
            ends = not lacking and self.gain[j] >= miss
            if ends and (last < 0 or cost[j] < cost[last]) and self.fits(j):
                last = j
        return last if last >= 0 and cost[last] <= cost[best] else best

    def fill(self, noise: float) -> bool:
        """Add candidates; True where all that must be reached is."""
        # In every other round floors are filled as if more than enough were better: such choices lie elsewhere.
        top = math.inf if noise > 0 and len(self.reached) and self.draw() < 0.5 else 1.0
        while not (self.value >= self.hunt.target and self.floors_hold()):
            j = self.next(noise, top)
            if j < 0:
                break
            self.move(j, 1)
        return self.floors_hold() and (math.isinf(self.hunt.target) or self.value >= self.hunt.target)

    def spared(self, j: int, spare: float) -> bool:
        """Tell whether all that must be reached still is without a candidate."""
        if self.gain[j] > spare or not self.may_go(j):
            return False
        lost = self.added(j, 1)
        return not ((lost > 0) & (self.reached - lost < self.model.need)).any()

    def thin(self) -> None:
        """Drop what is not needed any more, the costliest first."""
        while True:
            spare = 0.0 if math.isinf(self.hunt.target) else self.value - self.hunt.target
            idle = [j for j in self.members if self.spared(j, spare)]
            if not idle:
                return
            out = min(idle, key=lambda j: (-self.model.cost[j], j))
            self.move(out, -1)
            if not self.floors_hold():  # by rounding
                self.move(out, 1)
                return

    def neighbour(self, j: int) -> int:
        """Return a chosen candidate near another."""
        model = self.model
        for _ in range(2):
            own = self.elements(j)
            if not len(own):
                break
            e = int(own[self.below(len(own))])
            near = model.by[model.by_at[e] : model.by_at[e + 1]]
            j = int(near[self.below(len(near))])
            if self.inside[j]:
                return j
        return self.members[self.below(len(self.members))]

    def ruin(self) -> None:
        """Take out some candidates that lie near each other."""
        wanted, start = 1 + self.below(self.hunt.most_out), self.members[self.below(len(self.members))]
        for out in range(wanted):
            if not self.members:
                return
            j = self.neighbour(start) if out else start
            if self.inside[j] and self.may_go(j):
                self.move(j, -1)
                start = j

    def undo(self) -> None:
        """Go back to where the round began."""
        for move in reversed(self.log[:]):
            self.move(~move if move < 0 else move, 1 if move < 0 else -1)
        self.log.clear()

    def score(self) -> float:
        """Return value, or minus cost."""
        return self.value if math.isinf(self.hunt.target) else -self.cost

    def run(self, chosen: NDArray[np.int8]) -> tuple[NDArray[np.int8], float]:
        """Do as `phusong_search`."""
        hunt, best, now = self.hunt, chosen.astype(np.int8), -math.inf
        for j in np.flatnonzero(chosen).tolist():
            self.move(j, 1)
        if self.fill(0.0):
            self.thin()
            best, now = self.inside.copy(), self.score()
        top = now
        self.log.clear()
        for turn in range(hunt.rounds):
            if not self.members:
                break
            self.ruin()
            whole = self.fill(hunt.noise)
            if whole:
                self.thin()
            heat, then = hunt.heat * (1 - turn / hunt.rounds), self.score()
            if not whole or then < now + heat * math.log(self.draw() + 1e-300):
                self.undo()
                continue
            self.log.clear()
            now = then
            if then > top + 1e-12 * abs(top):
                best, top = self.inside.copy(), then
        return best, top
