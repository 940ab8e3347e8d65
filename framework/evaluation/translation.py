"""Evaluates translations between two domains, and reconstructions: content, style and classes."""

import functools

import numpy as np

from framework.data import Data, mapped
from framework.engine.capabilities import Reconstructs, Translates
from framework.engine.preparation import Maker
from framework.evaluation import captions, features, metrics, perceptual
from framework.evaluation.evaluation import Evaluation, Metrics, chosen_rows
from framework.frozen import classifiers as networks
from framework.frozen import lpips
from framework.frozen.classifiers import ClassifierStore
from framework.options.translation import Translation as Options
from framework.utils import float_array

LOGGED = 200  # held-out images per domain whose metrics are logged while training
PER_ROW = 16  # most images in a row of a sheet
LOGGED_SEED, MEASURED_SEED = 1, 2  # added to --seed to choose held-out images

Route = tuple[int, ...]
"""The domains through which an image passes: (1, 2) is a translation of domain 1 to domain 2,
(1, 2, 1) its cycle reconstruction, (1, 1) the reconstruction of an image from its own code."""


class Reconstruction(Evaluation):
    """Reconstructions of images of each domain; `Translation` adds translations."""

    options: Options

    def domains(self) -> tuple[int, ...]:
        """Numbers of the domains whose images are shown and measured."""
        return self.system.domains()

    def results(self, images: np.ndarray, domain: int) -> dict[Route, np.ndarray]:
        """What the system makes of float images [N, H, W, C] of a domain."""
        return {(domain, domain): self.system.reconstruct(images, domain)}

    def sheet(self) -> None:
        """Images of each domain, the same every time, and below them what is made of them."""
        if not self.run:
            return
        shown = {domain: self._images_to_show(domain) for domain in self.domains()}
        count = min(map(len, shown.values()))
        parts: list[np.ndarray] = []
        names: list[str] = []
        for domain, images in shown.items():
            results = self.results(images[:count], domain)
            parts += [images[:count], *results.values()]
            names += map(name_of, results)
        caption = captions.translations(names, self.domain_names)
        rows = -(-count // PER_ROW)
        self.run.sheet(tuple(parts), f"{self.step:06d}", rows=rows, caption=caption)

    def _images_to_show(self, number: int) -> np.ndarray:
        """--num_samples_to_gen held-out images of a domain; training images if there are too few.

        With --max_items_A up to half of those of domain 1 are training images.
        """
        count, domain = self.options.num_samples_to_gen, self.data.domains[number - 1]
        first = min(getattr(self.options, "max_items_A", 0), count // 2) if number == 1 else 0
        others = domain.images[first : first + count]
        parts = domain.images[:first], domain.test_images[:count], others
        return float_array(np.concatenate(parts)[:count])

    def statistics(self) -> dict[str, float]:
        """The metrics of single images, for a few held-out images."""
        found: Metrics = {}
        for domain in self.domains():
            if not self._held_out_images(domain):
                continue
            images, labels = self.held_out(domain, LOGGED, LOGGED_SEED)
            found |= self.of_images(domain, images, labels, self.results(images, domain), "")
        return {f"stat/{name}": metric["value"] for name, metric in found.items()}

    def metrics(self) -> Metrics:
        """Metrics of --eval_pairs held-out images per domain, where at least two are held out.

        With --max_items_A also those of the training images of domain 1, if they are there; their
        names end in `_seen`.
        """
        if not self.options.eval_pairs:
            return {}
        o, trained, found = self.options, self.data.domains[0], dict[str, dict]()
        state = f"iteration {self.step}, {len(trained.images)} images of domain 1"
        for domain in self.domains():
            if not self.is_measured(domain):
                self.note(
                    f"domain {domain}: no metrics of held-out images, of which it has "
                    f"{self._held_out_images(domain)} and needs 2"
                )
                continue
            images, labels = self.held_out(domain, o.eval_pairs, MEASURED_SEED)
            results, protocol = self.results(images, domain), f"held-out images; {state}"
            found |= self.of_images(domain, images, labels, results, protocol)
            found |= self.of_sets(images, results, protocol)
        if getattr(o, "max_items_A", 0) and 1 in self.domains() and len(trained.images):
            seed, protocol = o.seed + MEASURED_SEED, f"training images; {state}"
            pixels, labels = chosen_rows(trained.images, trained.labels, o.eval_pairs, seed)
            images = float_array(pixels)
            results = self.results(images, 1)
            of_training = self.of_images(1, images, labels, results, protocol)
            found |= {f"{name}_seen": metric for name, metric in of_training.items()}
        return found

    def is_measured(self, domain: int) -> bool:
        """Whether a domain has at least two held-out images; --domain1 of OST may have none."""
        return self._held_out_images(domain) >= 2

    def _held_out_images(self, domain: int) -> int:
        """Number of held-out images of a domain."""
        return len(self.data.domains[domain - 1].test_images)

    def held_out(self, number: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """At most `count` held-out images of a domain at random, as floats, and their labels."""
        domain, seed = self.data.domains[number - 1], self.options.seed + seed
        pixels, labels = chosen_rows(domain.test_images, domain.test_labels, count, seed)
        return float_array(pixels), labels

    def of_images(
        self,
        domain: int,
        images: np.ndarray,
        labels: np.ndarray | None,
        results: dict[Route, np.ndarray],
        protocol: str,
    ) -> Metrics:
        """Metrics of single images: mean differences in [0, 2] of those that return to the domain.

        Args:
            domain: of the images.
            images: float images [N, H, W, C].
            labels: their classes [N], if they are known.
            results: of the images.
            protocol: how they were chosen, for beside the numbers.
        """
        return {
            f"l1_{name_of(route)}": metrics.reconstruction(images, result, protocol)
            for route, result in results.items()
            if route[-1] == domain
        }

    def of_sets(
        self, images: np.ndarray, results: dict[Route, np.ndarray], protocol: str
    ) -> Metrics:
        """Metrics of sets of images; reconstructions have none."""
        return {}


class Translation(Reconstruction):
    """Translations, their cycle reconstructions and, if there are any, reconstructions."""

    system: Translates

    @classmethod
    def prepare(
        cls, options: Options, data: Data, classifiers: ClassifierStore
    ) -> dict[str, Maker]:
        """`evaluator{j}` for each domain j that is translated into, trained on it alone."""
        makers = super().prepare(options, data, classifiers)
        if not options.eval_pairs or not data.has_classes:
            return makers
        for target in sorted({target for _, target in _directions(options)}):
            domain = data.domains[target - 1]
            alone = Data("labelled", (domain,), domain.name, data.classes)
            makers[f"evaluator{target}"] = classifiers.evaluator(options, alone)
        return makers

    def domains(self) -> tuple[int, ...]:
        """Numbers of the domains whose images are translated."""
        return tuple(direction.source for direction in self.system.directions())

    def results(self, images: np.ndarray, domain: int) -> dict[Route, np.ndarray]:
        """Reconstructions if there are any, translations and, with both directions, cycles."""
        found: dict[Route, np.ndarray] = {}
        if isinstance(self.system, Reconstructs):
            found[domain, domain] = self.system.reconstruct(images, domain)
        directions = self.system.directions()
        for direction in directions:
            if direction.source == domain:
                translations = self.system.translate(images, direction)
                found[*direction] = translations
                if direction.reverse in directions:
                    cycle = self.system.translate(translations, direction.reverse)
                    found[*direction, domain] = cycle
        return found

    def metrics(self) -> Metrics:
        """Also the accuracies of the evaluators and, of pairs, the distances to the partners."""
        if not self.options.eval_pairs:
            return {}
        found = super().metrics() | self._evaluators()
        return found | self._pairs() if self.data.contract == "paired" else found

    def of_images(
        self,
        domain: int,
        images: np.ndarray,
        labels: np.ndarray | None,
        results: dict[Route, np.ndarray],
        protocol: str,
    ) -> Metrics:
        """Also whether translations have the class of the image for the evaluator of their domain.

        `translation_accuracy12` is the share that have, `translation_accuracy12_source` the share
        of the images without translation.
        """
        found: Metrics = {}
        for route, result in results.items():
            evaluator = self.subject.evaluators.get(f"evaluator{route[-1]}")
            if route[-1] == domain:
                found |= super().of_images(domain, images, labels, {route: result}, protocol)
            elif evaluator is not None:
                classify, name = networks.with_features(evaluator), name_of(route)
                about = f"{self._evaluator_name} of that domain alone; {protocol}"
                for shown, suffix in ((result, ""), (images, "_source")):
                    accuracy = metrics.accuracy(classify, shown, np.asarray(labels), about)
                    found[f"translation_accuracy{name}{suffix}"] = accuracy
        return found

    def of_sets(
        self, images: np.ndarray, results: dict[Route, np.ndarray], protocol: str
    ) -> Metrics:
        """Distances of translations to their domain (KID, FID, style) and to the images (LPIPS)."""
        found: Metrics = {}
        for route, result in results.items():
            source, target = route[0], route[-1]
            if source == target or not self.is_measured(target):
                continue
            domain = (self.data.domains[target - 1],)
            chosen = self._features(target)
            distances = features.distances(
                self.options, chosen, (result,), domain, protocol, self.note
            )
            found |= {f"{name.removesuffix('1')}{target}": m for name, m in distances.items()}
            if self.lpips_net != "none":
                found |= self._perceptual(images, result, route, protocol)
        return found

    def _perceptual(
        self, images: np.ndarray, translations: np.ndarray, route: Route, protocol: str
    ) -> Metrics:
        """LPIPS of images and their translations, and style distances to the target domain."""
        distance, target = self._distance, route[-1]
        about = f"{distance.protocol}; {protocol}"
        reals, _ = self.held_out(target, self.options.eval_pairs, MEASURED_SEED)
        content = metrics.mean_distance(images, translations, distance, about)
        return {
            f"lpips_content{name_of(route)}": content,
            f"style{target}": distance.style(translations, reals, about),
            f"style{target}_source": distance.style(images, reals, about),
        }

    def _evaluators(self) -> Metrics:
        """Accuracy of each evaluator on all held-out images of its own domain."""
        found: Metrics = {}
        for number, domain in enumerate(self.data.domains, start=1):
            evaluator = self.subject.evaluators.get(f"evaluator{number}")
            if evaluator is not None and self.is_measured(number):
                classify = networks.with_features(evaluator)
                reals = mapped(domain.test_images, float_array)
                labels, protocol = np.asarray(domain.test_labels), "evaluator; held-out images"
                accuracy = metrics.accuracy(classify, reals, labels, protocol)
                found[f"evaluator_accuracy{number}"] = accuracy
        return found

    def _pairs(self) -> Metrics:
        """`l1_pair12`: mean difference in [0, 2] of held-out translations and their partners."""
        found, count = dict[str, dict](), self.options.eval_pairs
        protocol = f"held-out pairs, iteration {self.step}; L1 of [-1, 1]"
        for direction in self.system.directions():
            if not self.is_measured(direction.source):
                continue
            images, partners = (
                float_array(self.data.domains[number - 1].test_images[:count])
                for number in direction
            )
            translations = self.system.translate(images, direction)
            distance = metrics.mean_distance(partners, translations, metrics.l1, protocol)
            found[f"l1_pair{direction}"] = distance
        return found

    @property
    def _evaluator_name(self) -> str:
        return f"evaluator {self.options.evaluator_arch}"

    def _features(self, target: int) -> features.Features | None:
        """The features of --kid_features for images of a domain."""
        if features.wanted(self.options) == "inception":
            return self._inception
        evaluator = self.subject.evaluators.get(f"evaluator{target}")
        return features.choose(features.wanted(self.options), evaluator, self._evaluator_name)

    @functools.cached_property
    def _inception(self) -> features.Features:
        """Loaded once: its weights are large."""
        return features.of_photographs()

    @functools.cached_property
    def _distance(self) -> perceptual.Distance:
        """LPIPS by --lpips_net."""
        o = self.options
        return perceptual.Distance(o.lpips_net, lpips.folder(o), o.image_size)


def name_of(route: Route) -> str:
    """A route as it stands in names of metrics, such as `121`."""
    return "".join(map(str, route))


def _directions(options: Options) -> tuple[tuple[int, int], ...]:
    """Directions of the options, as pairs of domains; both where a system has no such option."""
    return getattr(options, "directions", ((1, 2), (2, 1)))
