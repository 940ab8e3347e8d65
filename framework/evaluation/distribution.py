"""Evaluates systems that draw samples: coverage and diversity of their classes, KID, FID, LPIPS."""

import numpy as np

from framework.data import Images, mapped
from framework.engine.capabilities import Samples
from framework.evaluation import captions, features, metrics, perceptual
from framework.evaluation.evaluation import Evaluation, Metrics
from framework.evaluation.metrics import Classify
from framework.frozen import classifiers, lpips
from framework.utils import float_array

COLOUR_SAMPLES = 64
MOST_REALS = 2000  # photographs; as floats they take much memory
PHOTOGRAPH = 64  # images of at least this many pixels are searched for a grid
GRID_IMAGES = 500  # number of images that are searched


class Distribution(Evaluation):
    """Samples of one domain beside its real images; `pairs.Pairs` adds those of two domains."""

    system: Samples

    def sheet(self) -> None:
        """Samples of the same latent vectors every time, and a line on their colours."""
        if not self.run:
            return
        images = self.system.sample(self.latent(self.options.num_samples_to_gen))
        self.run.sheet(images, f"{self.step:06d}", caption=self.caption())
        if self.step:
            self._note_colours()

    def caption(self) -> str:
        """Returns the caption of the sheet."""
        return captions.samples(self.data.domains[0].name)

    def latent(self, rows: int, offset: int = 0) -> np.ndarray:
        """Latent vectors [rows, D] of the run's seed plus `offset`."""
        return self.system.latent(rows, self.options.seed + offset)

    def metrics(self) -> Metrics:
        """Metrics of --eval_pairs samples by networks that took no part in training.

        Empty without --eval_pairs and with hardly any held-out images. Data without labels have no
        evaluator.
        """
        if not self.can_measure:
            return {}
        o, domains = self.options, self.data.domains
        fakes = self.system.sample(self.latent(o.eval_pairs, self.subject.draw))
        protocol = f"z seed {o.seed + self.subject.draw}, iteration {self.step}"
        evaluator, name, found = None, "", {}
        if all(domain.labels is not None for domain in domains):
            settings = classifiers.for_evaluation(o)
            evaluator = self.subject.classifiers.ready(settings, self.data.labelled())()
            name = f"evaluator {settings.classifier_arch}, seed {settings.seed}"
            found = self._by_classes(fakes, classifiers.with_features(evaluator), name, protocol)
        chosen = features.choose(features.wanted(o), evaluator, name)
        found |= features.distances(o, chosen, fakes, domains, protocol, self.note)
        if self.lpips_net != "none":
            found |= self._perceptual(fakes, protocol)
        return found | self._checkerboards(fakes, protocol)

    def _by_classes(
        self, fakes: tuple[np.ndarray, ...], classify: Classify, name: str, protocol: str
    ) -> Metrics:
        """Metrics by an evaluator, its own accuracy on real images beside them."""
        if self.data.attributes:
            return self.of_attributes(fakes, classify, name, f"{name}; {protocol}")
        domains = self.data.domains
        reals = [mapped(domain.test_images, float_array) for domain in domains]
        found = self.of_samples(fakes, reals, classify, f"{name}; {protocol}")
        for i, (domain, real) in enumerate(zip(domains, reals, strict=True), start=1):
            about = f"{name}; held-out images"
            accuracy = metrics.accuracy(classify, real, np.asarray(domain.test_labels), about)
            found[f"evaluator_accuracy{i}"] = accuracy
        return found

    def of_samples(
        self, fakes: tuple, reals: list[Images], classify: Classify, protocol: str
    ) -> Metrics:
        """Metrics of samples beside real images, one array [N, H, W, C] per domain each."""
        return metrics.domain(fakes[0], reals[0], classify, protocol)

    def of_attributes(
        self, fakes: tuple[np.ndarray, ...], classify: Classify, name: str, protocol: str
    ) -> Metrics:
        """Metrics of images with attributes: diversity, and the evaluator's accuracy."""
        found = {}
        for i, (domain, images) in enumerate(zip(self.data.domains, fakes, strict=True), start=1):
            reals = float_array(domain.test_images[:MOST_REALS])
            probabilities, real_features = classify(reals)
            labels = np.asarray(domain.test_labels)[:MOST_REALS]
            known = metrics.attribute_accuracy(probabilities, labels, self.data.attributes, name)
            found[f"diversity{i}"] = metrics.diversity(classify(images)[1], protocol)
            found[f"real_diversity{i}"] = metrics.diversity(real_features, name)
            found[f"evaluator_accuracy{i}"] = known[""]
            if self.data.divided_by:
                found[f"evaluator_divides{i}"] = known[self.data.divided_by]
        return found

    def _perceptual(self, fakes: tuple[np.ndarray, ...], protocol: str) -> Metrics:
        """LPIPS of pairs and domains; the most and the least alike pairs are shown."""
        o = self.options
        distance = perceptual.Distance(o.lpips_net, lpips.folder(o), fakes[0].shape[1])
        found = perceptual.compare(distance, fakes, self.data.domains)
        if self.run and "lpips_pair" in found:
            cells = perceptual.nearest_and_farthest((fakes[0], fakes[1]), found["lpips_pair"])
            caption = captions.NEAREST_AND_FARTHEST
            self.run.table(cells, "nearest_and_farthest", top=2, caption=caption)
        teacher = getattr(o, "perceptual_loss", False) and o.perceptual_net == o.lpips_net
        about = f"{distance.protocol}{perceptual.ALSO_TEACHER if teacher else ''}; {protocol}"
        return {name: metrics.mean(each, about, 0.0) for name, each in found.items()}

    def _checkerboards(self, fakes: tuple[np.ndarray, ...], protocol: str) -> Metrics:
        """Of photographs: how strongly samples and real images show a grid."""
        if fakes[0].shape[1] < PHOTOGRAPH:
            return {}
        found = {}
        for i, (domain, images) in enumerate(zip(self.data.domains, fakes, strict=True), start=1):
            reals = float_array(domain.test_images[:GRID_IMAGES])
            found[f"checkerboard{i}"] = metrics.checkerboard(images[:GRID_IMAGES], protocol)
            found[f"real_checkerboard{i}"] = metrics.checkerboard(reals, "held-out images")
        return found

    def _note_colours(self) -> None:
        """A line per domain: brightness, variation and likeness of samples and real images."""
        samples = self.system.sample(self.latent(COLOUR_SAMPLES))
        for i, (fakes, domain) in enumerate(zip(samples, self.data.domains, strict=True), start=1):
            reals = float_array(domain.images[:COLOUR_SAMPLES])
            self.note(f"domain {i}: {metrics.colours(fakes, reals)}")
