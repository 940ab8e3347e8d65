"""What is seen and measured of LORD, whose codes are rows of tables first and encoders' later."""

import abc
import functools

import numpy as np
import tensorflow as tf

from framework import g2g_trainer, results
from framework.exchange import exchange
from framework.utils import batched, float_array

HEADS = 10  # images along each side of a sheet


class Viewed(g2g_trainer.Trainer):
    """G2G's metrics, and a sheet of contents against classes.

    Attributes:
        on_training_images: whether codes are known of these alone.
    """

    on_training_images = False

    @abc.abstractmethod
    def codes(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """Content and class codes of these images of the `pool`."""

    @functools.cached_property
    def pool(self) -> tuple[np.ndarray, np.ndarray]:
        """Images of all domains, uint8 [N, S, S, C], and labels [N].

        They are held out, unless codes are known of training images alone or there are no others.
        """
        domains = self.data.domains
        if self.on_training_images or not sum(len(d.test_images) for d in domains):
            parts = [(d.images, d.labels) for d in domains]
        else:
            parts = [(d.test_images, d.test_labels) for d in domains]
        images, labels = zip(*parts, strict=True)
        return np.concatenate(images), np.concatenate(labels)

    def sheet(self) -> None:
        """A matrix with the content of the image above and the class of the left one."""
        if not self.run:
            return
        (images, labels), random = self.pool, np.random.default_rng(self.options.seed)
        classes = np.resize(np.unique(labels), HEADS)
        above = random.choice(len(images), HEADS)
        left = np.array([random.choice(np.flatnonzero(labels == each)) for each in classes])
        content, style = self.codes(np.tile(above, HEADS))[0], self.codes(left)[1]
        body = self.draw(content, tf.repeat(style, HEADS, axis=0), training=False)
        heads = (float_array(images[rows]) for rows in (above, left))
        self.run.table(results.matrix(*heads, body.numpy()), int(self.step), top=1, left=1)

    def seen(self, count: int, seed: int) -> dict[str, dict]:
        """Metrics of codes exchanged, and put together again, of `count` pairs of the pool.

        Their names end in `_seen`.
        """
        images, labels = self.pool
        rows = np.random.default_rng(seed).integers(0, len(images), 2 * count)
        content, style = self.codes(rows)

        def drawn(style: tf.Tensor) -> np.ndarray:
            def some(i: np.ndarray) -> tuple[tf.Tensor]:
                return (self.draw(tf.gather(content, i), tf.gather(style, i), training=False),)

            return batched(some, np.arange(len(rows)))[0]

        made = dict(mixed=drawn(exchange(style)), short=drawn(style))
        note = f"pairs of training images, seed {seed}, iteration {int(self.step)}"
        found = self.measure(images[rows], labels[rows], made, note)
        return {f"{name}_seen": metric for name, metric in found.items()}
