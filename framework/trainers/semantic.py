"""Semantic regularisers of SCoGAN: a frozen classifier compares the two images of a pair.

Master thesis "Soft-coupled GANs", section 4.2.1. Two further terms are additions of this project.
One makes each domain use all classes equally often; in the other, the attribute that divides two
domains of faces has to be absent in image 1 and present in image 2.
"""

import keras
import tensorflow as tf

from framework import penalties
from framework.data import Facts, celeba
from framework.errors import UsageError
from framework.options.scogan import Options
from nets import classifier

Logits = tuple[tf.Tensor, tf.Tensor]
"""Outputs of the classifier for images 1 and 2, each [N, classes or attributes]."""


def check_weights(options: Options, facts: Facts, multilabel: bool) -> None:
    """Checks the weights of the additional terms.

    Args:
        options: options of the run.
        facts: facts of the data.
        multilabel: whether the classifier has attributes instead of classes.

    Raises:
        UsageError: a weight is above 0 although its term is not defined.
    """
    if options.balance_weight and multilabel:
        raise UsageError("--balance_weight: for classes, not for attributes; make it 0")
    if options.divider_weight and not facts.divided_by:
        raise UsageError(f"--divider_weight: no attribute divides {facts.name}; leave it out")


class Semantic:
    """Computes the terms of --semantic_loss.

    Attributes:
        options: options of the run.
        multilabel: whether the classifier has attributes instead of classes.
        divider: index of the attribute that divides the domains; None if the classifier lacks it.
        compared: indices of the outputs in which both images are compared.
    """

    def __init__(self, options: Options, net: keras.Model, facts: Facts) -> None:
        """Selects the outputs of the classifier that are compared.

        Args:
            options: options of the run.
            net: the classifier, images [N, H, W, C] -> logits [N, classes or attributes].
            facts: facts of the data, which name the attributes.

        Raises:
            UsageError: as `check_weights`, or the classifier lacks the attribute of
                --divider_weight.
        """
        self.options, self.multilabel = options, classifier.is_multilabel(net)
        check_weights(options, facts, self.multilabel)
        outputs, divider = net.output_shape[1], facts.divided_by
        names = facts.attributes[:outputs]
        self.divider = names.index(divider) if divider in names else None
        excluded = celeba.dividing(divider) if divider and not options.semantic_divider else ()
        self.compared = [i for i in range(outputs) if not excluded or names[i] not in excluded]
        if options.divider_weight and self.divider is None:
            raise UsageError(f"--divider_weight: the classifier lacks {divider}; leave it out")

    def terms(self, logits: Logits) -> dict[str, tf.Tensor]:
        """Computes all terms whose weight is not 0, weighted, by name."""
        o, terms = self.options, {}
        if o.semantic_weight:
            terms["semantic"] = o.semantic_weight * self.distance(logits)
        if o.balance_weight:
            terms["balance"] = o.balance_weight * self.imbalance(logits)
        if o.divider_weight:
            terms["divider"] = o.divider_weight * self.division(logits)
        return terms

    def distance(self, logits: Logits) -> tf.Tensor:
        """Computes the distance of the probabilities of both images, a scalar.

        The attribute that divides the domains is excluded, unless --semantic_divider is given.
        """
        first, second = (tf.gather(outputs, self.compared, axis=1) for outputs in logits)
        norm = self.options.semantic_norm
        return penalties.semantic_distance(first, second, norm, self.multilabel)

    def imbalance(self, logits: Logits) -> tf.Tensor:
        """Computes how unequally often the classes occur in a batch, summed over both domains."""
        return tf.add_n([penalties.class_imbalance(outputs) for outputs in logits])

    def division(self, logits: Logits) -> tf.Tensor:
        """Computes the cross-entropy of the dividing attribute: absent in image 1, present in 2."""
        return penalties.attribute_division(*(outputs[:, self.divider] for outputs in logits))
