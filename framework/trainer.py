"""The loop: the only GradientTape over weights, the only replica scaling, the only saving.

A system subclasses `Trainer` and says which nets it has, which updates (`Phase`) an iteration makes
and how a sample is drawn. Time, devices, logs, sheets, checkpoints and interruption belong here.
"""

import abc
import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from framework import averages, checkpoints, devices, results, signals
from framework.config import Options
from framework.data import Data
from framework.errors import DivergedError, MissingError, UsageError
from framework.utils import Random, to_float
from nets import blocks

Batch = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Phase:
    """One optimiser update.

    Attributes:
        name: key of its optimiser and prefix of its logged terms, such as `disc`.
        nets: whose weights may move; leaving a net out is selective backpropagation.
        terms: (batch, random) -> named scalars; their sum is minimised.
        repeat: updates per iteration, each on a fresh batch (n-critic).
        after: called with the variables after each update (weight clipping).
    """

    name: str
    nets: tuple[str, ...]
    terms: Callable[[Batch, Random], dict[str, tf.Tensor]]
    repeat: int = 1
    after: Callable[[list[keras.Variable]], None] | None = None


@dataclasses.dataclass(frozen=True)
class Term:
    """A regulariser: `weight * fn(fakes)` is added to the loss of the generators."""

    name: str
    weight: float
    fn: Callable[..., tf.Tensor]


class Trainer(abc.ABC):
    """Base of every system.

    Attributes:
        contract: which batches the system eats (`single`, `domains`, `labelled`).
        averaged: names of the nets whose weights are averaged over time (`--ema`) for samples.
        nets: networks by name; their order is that of the checkpoint.
        frozen: pretrained networks by name: never updated, never saved.
    """

    contract = "domains"
    averaged: tuple[str, ...] = ()

    def __init__(self, options: Options, data: Data, run: results.Run | None = None):
        """Builds nets, phases and optimisers. Without `run` nothing is ever written.

        Raises:
            UsageError: devices that do not exist, or a batch they cannot share evenly.
        """
        self.options, self.data, self.run = options, data, run
        self.strategy = devices.strategy(options.devices)
        self.replicas = self.strategy.num_replicas_in_sync
        if options.batch_size % self.replicas:
            raise UsageError(f"--batch_size: must be a multiple of the {self.replicas} devices")
        pretrained = self.prepare()
        keras.utils.set_random_seed(options.seed)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        with self.strategy.scope():
            self.frozen = {name: make() for name, make in pretrained.items()}
            with devices.precision(options.mixed_precision):
                self.nets = self.build_nets()
            self.phases = self.build_phases()
            self.optimizers = {p.name: self.build_optimizer(p.name) for p in self.phases}
            for phase in self.phases:
                self.optimizers[phase.name].build(self.variables(phase))
            averaged = {name: self.nets[name] for name in self.averaged}
            self.ema_nets = averages.copies(averaged) if getattr(options, "ema", 0) else {}
        self._names: list[str] = []
        self._compiled = tf.function(self._steps)
        parts = dict(step=self.step, nets=self.nets, ema=self.ema_nets, opt=self.optimizers)
        self.checkpoint = tf.train.Checkpoint(**parts)

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """Makers of the frozen nets by name; what has to be trained first is trained here."""
        return {}

    @abc.abstractmethod
    def build_nets(self) -> dict[str, keras.Model]:
        """The networks by name."""

    @abc.abstractmethod
    def build_phases(self) -> list[Phase]:
        """The updates of an iteration, in order."""

    @abc.abstractmethod
    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """A new optimiser for a phase."""

    def sample(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Images per domain [N, H, W, C] in [-1, 1] of latent vectors [N, D]; none by default."""
        return ()

    def statistics(self) -> dict[str, float]:
        """Figures to log beside the terms; not minimised."""
        return {}

    def metrics(self) -> dict[str, dict]:
        """Metrics of the trained system by name (see `framework.evaluate`); none by default."""
        return {}

    def models(self) -> dict[str, keras.Model]:
        """What is saved below `models/` at the end, by file name; averages where there are any."""
        return {name: self.sampling_net(name) for name in self.nets}

    # The step

    def variables(self, phase: Phase) -> list[keras.Variable]:
        """Trainable variables of a phase; what two nets share stands once."""
        every = [v for name in phase.nets for v in self.nets[name].trainable_variables]
        return list({id(v): v for v in every}.values())

    def update(self, phase: Phase, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """One optimiser step; returns the terms of this replica."""
        variables = self.variables(phase)
        gradients = functools.partial(self._gradients, phase, variables, batch, random)
        if self.options.jit:  # by closure: as arguments, variables would become tensors
            gradients = tf.function(gradients, jit_compile=True, autograph=False)
        grads, terms = gradients()
        self.optimizers[phase.name].apply(grads, variables)
        if phase.after:
            phase.after(variables)
        return {f"{phase.name}/{name}": value for name, value in terms.items()}

    def _gradients(self, phase: Phase, variables: list, batch: Batch, random: Random) -> tuple:
        values = [v.value for v in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            with blocks.randomness(random.uniform):
                terms = phase.terms(batch, random)
            decays = [v.regularizer(v.value) for v in variables if v.regularizer]
            if decays:
                terms = terms | {"decay": tf.add_n(decays)}
            # Keras optimisers sum over replicas; this is the one place that makes it a mean.
            loss = tf.add_n(list(terms.values())) / self.replicas
        return tape.gradient(loss, values), terms

    def iteration(self, element: Batch) -> tf.Tensor:
        """All phases in order on one replica; returns the logged terms as one vector."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        random = Random(self.options.seed, element["step"], replica, self.replicas)
        terms: dict[str, tf.Tensor] = {}
        turn = 0
        for phase in self.phases:
            for _ in range(phase.repeat):
                images = {key: value[turn] for key, value in element.items() if key != "step"}
                batch = {k: to_float(v) if k != "y" else v for k, v in images.items()}
                terms |= self.update(phase, batch, random)
                turn += 1
        self._names = list(terms)
        return tf.stack([tf.cast(value, tf.float32) for value in terms.values()])

    def run_steps(self, iterator: Iterator, count: int) -> np.ndarray:
        """`count` iterations in one call of a compiled graph; the sum of their terms."""
        return self._compiled(iterator, tf.constant(count)).numpy()

    def _steps(self, iterator: Iterator, count: tf.Tensor) -> tf.Tensor:
        total = tf.zeros([])
        for _ in tf.range(count):
            # The sum starts as a scalar: how many terms there are is known only after tracing.
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(total, tf.TensorShape(None))]
            )
            terms = self.strategy.run(self.iteration, args=(next(iterator),))
            total += self.strategy.reduce(tf.distribute.ReduceOp.MEAN, terms, axis=None)
            self.step.assign_add(1)
            if self.ema_nets:
                averages.update(self.ema_nets, self.nets, self.options.ema, self.step)
        return total

    def sampling_net(self, name: str) -> keras.Model:
        """The averaged net if there is one, else the net itself."""
        return self.ema_nets.get(name, self.nets[name])

    # The loop

    def fit(self, callbacks: Sequence[keras.callbacks.Callback] = ()) -> int:
        """Trains until `--iterations`; resumes from the run's newest checkpoint.

        Args:
            callbacks: Keras callbacks; an epoch is one log interval.

        Returns:
            Exit code: 0 finished, 75 or 130 when a signal stopped it (everything is saved).

        Raises:
            DivergedError: a term is not finite; the last good checkpoint is kept.
        """
        total = self.options.iterations
        self.restore(missing_ok=True)
        if self.run:
            self.run.rewind(int(self.step))
        model = next(iter(self.nets.values()))
        watchers = keras.callbacks.CallbackList(list(callbacks), model=model)
        watchers.on_train_begin()
        with signals.caught() as caught, results.Progress(total, int(self.step)) as progress:
            self._loop(total, progress, watchers, caught)
        watchers.on_train_end()
        return signals.EXIT_CODES[caught[0]] if caught and int(self.step) < total else 0

    def _loop(self, total: int, progress: results.Progress, watchers, caught: list) -> None:
        options, step = self.options, int(self.step)
        iterator = self.batches(step)
        window, since = 0.0, step
        if step == 0:
            self.sheet()
        while step < total and not caught:
            ends = [step + every - step % every for every in self._intervals()]
            count = min(options.steps_per_call, total - step, min(ends) - step)
            window = window + self.run_steps(iterator, count)
            step += count
            due = [step == total or step % every == 0 for every in self._intervals()]
            if any(due) or caught:
                terms = self._terms(window / (step - since))
                progress.update(step, terms)
                if due[0]:
                    terms |= self.statistics()
                    if self.run:
                        self.run.log(step, terms)
                    watchers.on_epoch_end(step, terms)
                    window, since = 0.0, step
                if due[1]:
                    self.sheet()
                if due[2] or caught:
                    self.save()

    def _intervals(self) -> tuple[int, int, int]:
        return self.options.log_every, self.options.sheet_every, self.options.save_every

    def _terms(self, vector: np.ndarray) -> dict[str, float]:
        terms = dict(zip(self._names, vector.tolist(), strict=True))
        for name, value in terms.items():
            if not math.isfinite(value):
                raise DivergedError(
                    f"{name} is {value} near iteration {int(self.step)}: the last checkpoint is "
                    "kept; try a lower learning rate or another --loss"
                )
        return terms

    def batches(self, first_step: int) -> Iterator:
        """Iterator over elements from iteration `first_step` on, one per call and replica."""

        def pipeline(_: tf.distribute.InputContext | None = None) -> tf.data.Dataset:
            updates = sum(phase.repeat for phase in self.phases)
            return self.data.dataset(
                self.options.batch_size, updates, self.options.seed, first_step, self.replicas
            )

        if self.replicas == 1:
            return iter(pipeline())
        return iter(self.strategy.distribute_datasets_from_function(pipeline))

    # What stays

    def sheet(self) -> None:  # noqa: B027 - not every system has samples to show
        """Writes a sheet of samples of the fixed latent vectors, if the system has samples."""

    def save(self) -> None:
        """Writes a checkpoint and the loss plots. Raises DivergedError for weights not finite."""
        if self.run:
            for name, net in self.nets.items():
                if not all(np.isfinite(value).all() for value in net.get_weights()):
                    raise DivergedError(f"{name} has weights that are not finite; nothing saved")
            where = self.run.checkpoints, int(self.step), self.options.keep
            checkpoints.save(self.checkpoint, *where)
            self.run.plots()

    def restore(self, *, missing_ok: bool = False) -> None:
        """Loads the run's newest checkpoint. Raises MissingError if there is none."""
        found = self.run and checkpoints.restore(self.checkpoint, self.run.checkpoints)
        if not (found or missing_ok):
            raise MissingError(f"{self.run.folder}: no checkpoint yet; train it first")

    def save_models(self) -> None:
        """Writes `models/<name>.keras`, for `keras.models.load_model`."""
        self.run.models.mkdir(exist_ok=True)
        for name, model in self.models().items():
            model.save(self.run.models / f"{name}.keras")
