"""Evaluates systems that remove what only images of domain 2 have, or add it to other images.

That is their extra. Press et al., arXiv 2001.05017, section 4; see `metrics.removal`.
"""

import numpy as np

from framework import results
from framework.data import Data
from framework.engine.capabilities import EditsExtras
from framework.engine.preparation import Maker
from framework.evaluation import captions, metrics
from framework.evaluation.evaluation import Evaluation, Metrics
from framework.frozen.classifiers import ClassifierStore, with_features
from framework.options.base import Options
from framework.utils import float_array

LOGGED = 128  # held-out images of each domain that are measured for each row of history.csv
STATISTICS = ("removal_probability", "guided", "class_kept", "rec_l1")
GUIDES = 10  # on a sheet, at most
STEPS = 9  # of an interpolation: from no extra to that of guide 1 (the middle) to that of guide 2


class Removal(Evaluation):
    """Is the extra gone where it was removed, present where it was added, the rest unchanged?"""

    @classmethod
    def prepare(
        cls, options: Options, data: Data, classifiers: ClassifierStore
    ) -> dict[str, Maker]:
        """Evaluators of domains and, where the data have them, of classes."""
        if not options.eval_pairs:
            return {}
        makers = {"domains": classifiers.evaluator(options, data.by_domain())}
        if data.has_classes:
            makers["classes"] = classifiers.evaluator(options, data.labelled())
        return makers

    def held_out(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """`count` held-out images [N, S, S, C] in [-1, 1] of each domain, unpaired.

        Fewer if domain 2 has fewer; those of domain 1 are repeated if it has fewer still.
        """
        random = np.random.default_rng(seed)
        one, two = (domain.test_images for domain in self.data.domains)
        rows1, rows2 = random.permutation(len(one)), random.permutation(len(two))[:count]
        rows1 = rows1[np.arange(len(rows2)) % max(len(one), 1)]
        return float_array(one[rows1]), float_array(two[rows2])

    # Sheets

    def sheet(self) -> None:
        """Guide matrix of the same images every time: domain 1 on top, guides on the left."""
        if not self.run:
            return
        x1, x2 = self._shown()
        n = len(x1)
        guided = self.system.add(np.tile(x1, (n, 1, 1, 1)), np.repeat(x2, n, axis=0))
        cells = results.matrix(x1, x2, guided)
        cells[0, 0] = np.nan  # grey in any colours
        self.table(cells, self.step, top=1, left=1, caption=self.matrix_caption())

    def matrix_caption(self) -> str:
        """Caption of the guide matrix."""
        return captions.GUIDE_MATRIX

    def figures(self) -> None:
        """Sheet of images of domain 2 with and without their extra."""
        if self.run:
            _, x2 = self._shown()
            cells = np.stack([x2, self.system.remove(x2)])
            self.table(cells, "removal", top=1, caption=captions.REMOVAL)

    def table(
        self, cells: np.ndarray, name: str | int, *, top: int = 0, left: int = 0, caption: str = ""
    ) -> None:
        """Writes a table of images as `Run.table` does, spectrograms in false colours."""
        cells = results.false_colours(cells) if self.data.clips else cells
        if self.run:
            self.run.table(cells, name, top=top, left=left, caption=caption)

    def _shown(self) -> tuple[np.ndarray, np.ndarray]:
        """Images of both domains for sheets."""
        return self.held_out(min(GUIDES, self.options.num_samples_to_gen), self.options.seed)

    # Metrics

    def statistics(self) -> dict[str, float]:
        """The main metrics of a few held-out images; those by evaluators only if there are any."""
        if not self.data.held_out:
            return {}
        found = self._measure(*self.held_out(LOGGED, self.options.seed + 1), "")
        return {f"stat/{name}": found[name]["value"] for name in STATISTICS if name in found}

    def metrics(self) -> Metrics:
        """Metrics of up to --eval_pairs held-out images of each domain."""
        if not self.can_measure:
            return {}
        o = self.options
        protocol = f"held-out images, seed {o.seed + 2}, iteration {self.step}"
        return self._measure(*self.held_out(o.eval_pairs, o.seed + 2), protocol)

    def reconstructions(self, x1: np.ndarray, x2: np.ndarray, protocol: str) -> Metrics:
        """Metrics of reconstructions of images of both domains; none here."""
        return {}

    def _measure(self, x1: np.ndarray, x2: np.ndarray, protocol: str) -> Metrics:
        """Metrics of N images of each domain; the guide of an image is the next one."""
        found = self.reconstructions(x1, x2, protocol)
        evaluators, by = self.subject.evaluators, f"evaluator {self.options.evaluator_arch}"
        if "domains" not in evaluators:
            return found
        removed = self.system.remove(x2)
        guided = self.system.add(x1, np.roll(x2, 1, axis=0))
        classify = with_features(evaluators["domains"])
        found |= metrics.removal(removed, guided, x1, x2, classify, f"{by}; {protocol}")
        if "classes" in evaluators:
            classify = with_features(evaluators["classes"])
            found["class_kept"] = metrics.kept(x2, removed, classify, f"{by}; {protocol}")
        return found


class Extras(Removal):
    """Removal by systems that have codes of extras: also reconstructions, swaps, interpolations."""

    system: EditsExtras

    def matrix_caption(self) -> str:
        """Caption of the guide matrix, and of systems that use no guide."""
        return captions.GUIDE_MATRIX if self.system.uses_guides() else captions.EXTRA_MATRIX

    def figures(self) -> None:
        """Sheets of removal, of extras exchanged within domain 2, and of interpolated ones."""
        super().figures()
        if not self.run:
            return
        x1, x2 = self._shown()
        guides, uses_guides = np.roll(x2, 1, axis=0), self.system.uses_guides()
        replaced = self.system.replace(x2, self.system.extra(guides))
        caption = captions.SWAP if uses_guides else captions.SWAP_WITHOUT_GUIDE
        self.table(np.stack([x2, guides, replaced]), "swap", top=2, caption=caption)
        caption = captions.GUIDES if uses_guides else captions.GUIDES_WITHOUT_GUIDE
        cells = self.interpolation(x1, x2, guides)
        self.table(cells, "guides", left=3, caption=caption)

    def interpolation(self, x: np.ndarray, guide1: np.ndarray, guide2: np.ndarray) -> np.ndarray:
        """Rows of an image, two guides, and the image with codes from no extra to 1 to 2.

        Args:
            x: images [N, S, S, C] of domain 1.
            guide1: as many images of domain 2.
            guide2: as many others.

        Returns:
            Images [N, 3 + STEPS, S, S, C].
        """
        codes = [self.system.extra(guide1), self.system.extra(guide2)]
        codes.insert(0, self.system.no_extra(codes[0]))
        columns = [x, guide1, guide2]
        for place in np.linspace(0, 2, STEPS):
            start = min(int(place), 1)
            share = np.asarray(place - start, codes[0].dtype)
            code = (1 - share) * codes[start] + share * codes[start + 1]
            columns.append(self.system.put(x, code))
        return np.stack(columns, axis=1)

    def reconstructions(self, x1: np.ndarray, x2: np.ndarray, protocol: str) -> Metrics:
        """`rec_l1` of images of both domains and their reconstructions from their own codes."""
        images = np.concatenate(self.system.rebuild(x1, x2))
        return {"rec_l1": metrics.reconstruction(np.concatenate([x1, x2]), images, protocol)}
