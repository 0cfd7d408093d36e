"""Who acts: a role and, for a partner, whose rows are its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from coverage.errors import StoreError

Role = Literal["planner", "partner", "analyst", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

_SEES_ALL = frozenset({"planner", "admin", "system"})
_MAY: dict[str, frozenset[str]] = {
    "submit": frozenset({"partner"}),
    "decide": frozenset({"planner", "admin"}),
    "challenge": frozenset({"planner", "admin", "partner", "analyst"}),
    "judge": frozenset({"planner", "admin"}),
    "release": frozenset({"planner", "admin"}),
    "read_union": frozenset({"planner", "admin", "system"}),
    "manage_accounts": frozenset({"admin", "system"}),
    "read_audit": frozenset({"planner", "admin", "system"}),
}


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who acts in the store.

    Attributes
    ----------
    account_id : str
        Row of the accounts; "" for the machine itself.
    name : str
        As it stands in the audit log.
    role : {"planner", "partner", "analyst", "admin", "system"}
        ``system`` is whoever may run commands on the machine that holds the store: it makes the first accounts and
        checks passwords, and submits and decides nothing.
    partner : str or None
        Whose rows a partner reads and writes; None for the other roles.
    """

    account_id: str
    name: str
    role: Role | Literal["system"]
    partner: str | None = None

    @property
    def sees_all(self) -> bool:
        """Whether rows of every partner may be read; a partner reads its own, an analyst its challenges alone."""
        return self.role in _SEES_ALL

    def may(self, right: str) -> bool:
        """Return whether the role has a right."""
        return self.role in _MAY[right]

    def need(self, right: str) -> None:
        """Raise ``not_allowed`` unless the role has a right."""
        if not self.may(right):
            raise StoreError("not_allowed", role=self.role, right=right)


SYSTEM = Principal(account_id="", name="system", role="system")
