"""Evaluates classifiers: accuracy on held-out images, and what adaptation to a domain gains."""

import numpy as np

from framework.data import Images
from framework.engine.capabilities import Adapts, Classifies
from framework.evaluation import metrics
from framework.evaluation.evaluation import Evaluation, Metrics
from framework.options.classifier import Options

LOGGED = 1000  # held-out images of the target whose accuracy is logged while training


class Classification(Evaluation):
    """Accuracy per domain; for attributes their mean and each of them."""

    system: Classifies
    options: Options

    def metrics(self) -> Metrics:
        """`accuracy_<domain>`, and for attributes also `accuracy_<domain>_<attribute>`."""
        o, found = self.options, dict[str, dict]()
        protocol = f"{o.classifier_arch} classifier, seed {o.seed}; held-out images"
        for i, domain in enumerate(self.data.domains, start=1):
            probabilities = self.system.classify(domain.test_images, i)
            labels = np.asarray(domain.test_labels)
            if self.data.attributes:
                known = metrics.attribute_accuracy(
                    probabilities, labels, self.data.attributes, protocol
                )
                name = f"accuracy_{domain.name}"
                found |= {f"{name}_{k}".rstrip("_"): metric for k, metric in known.items()}
            else:
                found[f"accuracy_{domain.name}"] = accuracy(probabilities, labels, protocol)
        return found


class Adaptation(Evaluation):
    """A classifier of domain 2 that was learned without its labels."""

    system: Adapts

    def statistics(self) -> dict[str, float]:
        """Held-out accuracy on the target; nothing is chosen by it."""
        target = self.data.domains[1]
        if target.test_labels is None or not len(target.test_images):
            return {}
        probabilities = self.system.classify(target.test_images[:LOGGED], 2)
        found = accuracy(probabilities, target.test_labels[:LOGGED], "")
        return {"stat/target_accuracy": found["value"]}

    def metrics(self) -> Metrics:
        """Accuracies of the adapted classifier.

        `target_accuracy_seen` is of the unlabelled target images trained on, which is the paper's
        protocol; the others are of held-out images. `source_only_accuracy` is that of a classifier
        that was trained on domain 1 alone, on domain 2.
        """
        if not self.options.eval_pairs:
            return {}
        source, target = self.data.domains
        labelled = f"{len(source.images)} labelled images of {source.name}"
        note = f"{labelled}, {len(target.images)} unlabelled ones of {target.name}, "
        note += f"iteration {self.step}"
        measured = {
            "source_accuracy": (
                1, source.test_images, source.test_labels, f"{note}; held-out source"
            ),
            "target_accuracy": (
                2, target.test_images, target.test_labels, f"{note}; held-out target"
            ),
            "target_accuracy_seen": (
                2, target.images, target.labels, f"{note}; the same target images"
            ),
            "source_only_accuracy": (
                0, target.test_images, target.test_labels, f"{labelled} alone; held-out target"
            ),
        }  # fmt: skip
        found = {}
        for name, (domain, images, labels, protocol) in measured.items():
            if labels is None or not len(images):
                continue
            probabilities = self._classify(images, domain)
            if probabilities is not None:
                found[name] = accuracy(probabilities, labels, protocol)
        return found

    def _classify(self, images: Images, domain: int) -> np.ndarray | None:
        """Probabilities by the classifier of a domain; 0 is the one of the source alone."""
        if domain == 0:
            return self.system.classify_by_source(images)
        return self.system.classify(images, domain)


def accuracy(probabilities: np.ndarray, labels: np.ndarray, protocol: str) -> dict:
    """The metric of the share of rows whose most probable class is the label."""
    return metrics.share(probabilities.argmax(axis=-1) == labels, protocol)
