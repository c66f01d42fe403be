"""Engine environments: what local EMR needs beyond the user's own Python, locked, fetched once, kept in the cache.

>>> from emrkit_local import environments
>>> environments.prepare(["spark-3.5"])         # doctest: +SKIP
>>> environments.find("spark-3.5").java_home    # doctest: +SKIP
"""

from .building import Environment, Offer, Stage, describe, find, prepare
from .catalog import RECIPES, Recipe, engine_for

__all__ = ["RECIPES", "Environment", "Offer", "Recipe", "Stage", "describe", "engine_for", "find", "prepare"]
