"""Evaluates samples that are points of the ring: its modes are known, so no evaluator is needed."""

from framework.data import ring
from framework.engine.capabilities import Samples
from framework.evaluation import captions, metrics
from framework.evaluation.evaluation import Evaluation, Metrics

POINTS = 2000  # number of points on a sheet and for `stat/modes`


class Ring(Evaluation):
    """Modes that are covered, and the density of the samples beside that of real points."""

    system: Samples

    def sheet(self) -> None:
        """Densities of samples and of real points."""
        if self.run:
            real = self.data.domains[0].images[:POINTS]
            (fake,) = self.system.sample(self.system.latent(POINTS, self.options.seed))
            self.run.sheet((fake, real), f"{self.step:06d}", caption=captions.DENSITY)

    def statistics(self) -> dict[str, float]:
        """How many modes are covered, and which share of the points is close to one."""
        found = self._modes(POINTS, self.options.seed, "")
        return {
            "stat/modes": float(found["modes_covered"]["value"]),
            "stat/high_quality": found["high_quality"]["value"],
        }

    def metrics(self) -> Metrics:
        """The same of --eval_pairs samples; real points beside them."""
        o = self.options
        if not o.eval_pairs:
            return {}
        seed = o.seed + self.subject.draw
        found = self._modes(o.eval_pairs, seed, f"z seed {seed}, iteration {self.step}")
        points = self.data.domains[0].test_images[:]
        real = metrics.modes(points, ring.centres(), ring.SIGMA, "real points")
        return found | {"real_high_quality": real["high_quality"]}

    def _modes(self, count: int, seed: int, protocol: str) -> Metrics:
        (points,) = self.system.sample(self.system.latent(count, seed))
        return metrics.modes(points, ring.centres(), ring.SIGMA, protocol)
