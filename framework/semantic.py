"""What a frozen classifier says of the two images of a pair: the semantic terms of SCoGAN.

Master thesis "Soft-coupled GANs", section 4.2.1, and what it lacks: both domains are to use all
classes, and an attribute that divides them is to be absent from one and present in the other.
"""

import keras
import tensorflow as tf

from framework import penalties
from framework.data import Data, celeba
from framework.errors import UsageError
from framework.options import Options
from nets import classifier

Logits = tuple[tf.Tensor, tf.Tensor]  # of images 1 and 2, each [N, classes or attributes]


def check(options: Options, data: Data, multilabel: bool) -> None:
    """Refuses weights of no use with these data or a multilabel classifier. Raises UsageError."""
    if options.balance_weight and multilabel:
        raise UsageError("--balance_weight: for classes, not for attributes; make it 0")
    if options.divider_weight and not data.divided_by:
        raise UsageError(f"--divider_weight: no attribute divides {data.name}; leave it out")


class Semantic:
    """The terms of --semantic_loss, each without its weight."""

    def __init__(self, options: Options, net: keras.Model, data: Data):
        """`net` is the classifier, `data` tells what its columns mean.

        Raises:
            UsageError: as `check`, and --divider_weight of an attribute that it does not tell.
        """
        self.norm, self.multilabel = options.semantic_norm, classifier.is_multilabel(net)
        check(options, data, self.multilabel)
        columns, own = net.output_shape[1], data.divided_by
        names = data.attributes[:columns]
        self.divider = names.index(own) if own in names else None
        apart = celeba.dividing(own) if own and not options.semantic_divider else ()
        self.compared = [i for i in range(columns) if not apart or names[i] not in apart]
        if options.divider_weight and self.divider is None:
            raise UsageError(f"--divider_weight: the classifier does not tell {own}; leave it out")

    def distance(self, logits: Logits) -> tf.Tensor:
        """Between the probabilities of the two images, but of the attribute that divides."""
        pair = [tf.gather(each, self.compared, axis=1) for each in logits]
        return penalties.semantic_distance(*pair, self.norm, self.multilabel)

    def imbalance(self, logits: Logits) -> tf.Tensor:
        """How unevenly each domain's batch uses the classes, summed over both."""
        return tf.add_n([penalties.class_imbalance(each) for each in logits])

    def division(self, logits: Logits) -> tf.Tensor:
        """How far the attribute that divides is from absent in image 1 and present in image 2."""
        return penalties.attribute_division(*(each[:, self.divider] for each in logits))
