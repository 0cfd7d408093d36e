from . import types as types
from .catalog.definitions import Definition as Definition
from .catalog.definitions import definition as definition
from .catalog.definitions import definitions as definitions
from .catalog.targets import Target as Target
from .catalog.targets import target as target
from .catalog.targets import targets as targets
from .errors import CoverageError as CoverageError
from .errors import LayerError as LayerError
from .errors import PlanError as PlanError
from .errors import Problem as Problem
from .files.cities import demo_city as demo_city
from .files.cities import open_city as open_city
from .files.cities import read_city as read_city
from .files.layers import read_cells as read_cells
from .files.layers import read_sites as read_sites
from .files.layers import read_wards as read_wards
from .files.people import read_people as read_people
from .files.people import read_subscriptions as read_subscriptions
from .files.rasters import read_raster as read_raster
from .grid import Grid as Grid
from .grid import Raster as Raster
from .grid import metre_bounds as metre_bounds
from .layers import Layer as Layer
from .maps import plan_map as plan_map
from .maps import result_map as result_map
from .planning.plans import Plan as Plan
from .planning.plans import plan as plan
from .planning.proposals import candidates as candidates
from .publishing import publish as publish
from .reporting import Report as Report
from .reporting import report as report
from .scenarios import Change as Change
from .scenarios import Scenario as Scenario
from .signals import TR38901 as TR38901
from .study import City as City
from .study import Result as Result
from .study import Study as Study
from .terrain import P1812 as P1812

class Coverage:
    @staticmethod
    def current() -> None: ...
