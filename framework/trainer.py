"""The step: the only GradientTape over weights, the only replica scaling, the only saving.

A system subclasses `Trainer` and says which nets it has, which updates (`Phase`) an iteration makes
and how a sample is drawn. Time, devices, logs, sheets, checkpoints and interruption belong here.
"""

import abc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from framework import averages, checkpoints, devices, forms, loop, precision, results
from framework.config import Options
from framework.data import Data, batches
from framework.errors import DivergedError, MissingError, UsageError
from framework.optimizers import Updater
from framework.phase import Batch, Phase
from framework.utils import Random, to_float
from nets import blocks


class Trainer(abc.ABC):
    """Base of every system.

    Attributes:
        contract: which batches the system eats, see `data.load`.
        averaged: names of the nets whose weights are averaged over time (`--ema`) for samples.
        nets: networks by name; their order is that of the checkpoint.
        frozen: pretrained networks by name: never updated, never saved.
        follows: checkpoints of the chief's run, on a worker that reads them and writes nothing.
    """

    contract = "domains"
    averaged: tuple[str, ...] = ()

    def __init__(self, options: Options, data: Data, run: results.Run | None = None):
        """Builds nets, phases and optimisers. Without `run` nothing is ever written.

        Raises:
            UsageError: devices that do not exist, a batch they cannot share evenly, or nets that
                cannot be compiled for them.
        """
        self.options, self.data, self.run = options, data, run
        self.follows: Path | None = None
        devices.keep_order(options.deterministic)
        self.strategy = devices.strategy(options.devices)
        self.replicas = self.strategy.num_replicas_in_sync
        if options.batch_size % self.replicas:
            raise UsageError(f"--batch_size: must be a multiple of the {self.replicas} devices")
        pretrained = self.prepare()
        keras.utils.set_random_seed(options.seed)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        with self.strategy.scope():
            self.frozen = {name: make() for name, make in pretrained.items()}
            with precision.policy(options.mixed_precision):
                self.nets = self.build_nets()
            forms.choose(options, [*self.nets.values(), *self.frozen.values()], self.replicas)
            self.phases = self.build_phases()
            self.updaters = {phase.name: self._updater(phase) for phase in self.phases}
            averaged = {name: self.nets[name] for name in self.averaged}
            self.ema_nets = averages.copies(averaged) if getattr(options, "ema", 0) else {}
        self.optimizers = {name: updater.optimizer for name, updater in self.updaters.items()}
        self.names: list[str] = []
        self.reseed(0)
        parts = dict(step=self.step, nets=self.nets, ema=self.ema_nets, opt=self.optimizers)
        scales = {name: each.scale for name, each in self.updaters.items() if each.scale}
        self.checkpoint = tf.train.Checkpoint(**parts, **({"scale": scales} if scales else {}))

    @classmethod
    def of(cls, options: Options) -> type["Trainer"]:
        """The class that trains these options, where a system has several."""
        return cls

    def _updater(self, phase: Phase) -> Updater:
        o, moved = self.options, self.variables(phase)
        scale = precision.LossScale() if o.mixed_precision == "float16" else None
        others = {id(v): v for net in self.nets.values() for v in net.non_trainable_variables}
        return Updater(
            self.build_optimizer(phase.name), moved, list(others.values()),
            clip_norm=o.clip_norm, skip=o.nan_policy == "skip", scale=scale,
            conditional=phase.when is not None,
        )  # fmt: skip

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
        updater, count = self.updaters[phase.name], self.options.accumulate
        before = updater.snapshot()
        columns = {key: tf.split(rows, count) for key, rows in batch.items()}
        sums = ()
        for i, draws in enumerate(random.split(count)):
            piece = {key: rows[i] for key, rows in columns.items()}
            # One after the other: side by side they would need the memory of the whole batch.
            with tf.control_dependencies(tf.nest.flatten(sums)):
                more = self._gradients(updater, phase, piece, draws)
            sums = tf.nest.map_structure(tf.add, sums, more) if sums else more
        grads, terms = sums[0], {name: value / count for name, value in sums[1].items()}
        wanted = None
        if phase.when:
            context = tf.distribute.get_replica_context()
            wanted = phase.when(context.all_reduce(tf.distribute.ReduceOp.MEAN, terms))
        extra = updater.apply(grads, phase.loss(terms), before, wanted)
        if phase.after:
            phase.after(updater.variables)
        extra |= {name: terms.pop(name) for name in phase.watched}
        logged = {f"{phase.name}/{name}": value for name, value in terms.items()}
        return logged | {f"stat/{name}_{phase.name}": value for name, value in extra.items()}

    def _gradients(self, updater: Updater, phase: Phase, batch: Batch, random: Random) -> tuple:
        """Gradients of this replica's share of the mean loss, and the terms."""

        def compute(batch: Batch, key: tf.Tensor, turn: tf.Tensor) -> tuple:
            variables = updater.variables
            values = [v.value for v in variables]
            draws = random.moved(key, turn)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                with blocks.randomness(draws.uniform):
                    terms = phase.terms(batch, draws)
                decays = [v.regularizer(v.value) for v in variables if v.regularizer]
                if decays:
                    terms = terms | {"decay": tf.add_n(decays)}
                # Gradients are summed over replicas; this is the one place that makes it a mean.
                shares = self.replicas * self.options.accumulate
                loss = updater.scaled(phase.loss(terms) / shares)
            # A table that is looked up has gradients of rows, in a form that cannot be added.
            found = tape.gradient(loss, values)
            return [g if g is None else tf.convert_to_tensor(g) for g in found], terms

        if self.replicas == 1:  # traced once, however often an iteration comes here
            compute = self._passes.setdefault((phase.name, random.part), self.compiled(compute))
        elif self.options.jit:  # other replicas have other variables
            compute = self.compiled(compute)
        return compute(batch, random.key, tf.constant(random.turn))

    def compiled(self, compute: Callable) -> Callable:
        """A pass of a phase, forward and backward, as a graph of its own."""
        return tf.function(compute, jit_compile=self.options.jit or None, autograph=False)

    def iteration(self, element: Batch) -> tf.Tensor:
        """All phases in order on one replica; returns the means of their terms as one vector."""
        context = tf.distribute.get_replica_context()
        replica = context.replica_id_in_sync_group if self.replicas > 1 else 0
        terms: dict[str, list[tf.Tensor]] = {}
        turns = [phase for phase in self.phases for _ in range(phase.repeat)]
        for turn, phase in enumerate(turns):
            images = {key: value[turn] for key, value in element.items() if key != "step"}
            batch = {k: to_float(v) if k[0] == "x" else v for k, v in images.items()}
            random = Random(self.seed, element["step"], turn, replica, self.replicas)
            for name, value in self.update(phase, batch, random).items():
                terms.setdefault(name, []).append(tf.cast(value, tf.float32))
        self.names = list(terms)
        return tf.stack([tf.add_n(values) / len(values) for values in terms.values()])

    def reseed(self, detours: int) -> None:
        """Other batches and random numbers from here on; 0 are those of `--seed` itself."""
        self.seed = self.options.seed + detours
        self._passes: dict[tuple, Callable] = {}
        self._compiled = tf.function(self._steps)

    def run_steps(self, iterator: Iterator, count: int) -> tf.Tensor:
        """`count` iterations in one call of a compiled graph; their terms [count, terms]."""
        return self._compiled(iterator, tf.constant(count))

    def _steps(self, iterator: Iterator, count: tf.Tensor) -> tf.Tensor:
        once = tf.autograph.experimental.do_not_convert(self.iteration)  # traced in 3/4 of the time
        rows = tf.TensorArray(tf.float32, count)
        for i in tf.range(count):
            terms = self.strategy.run(once, args=(next(iterator),))
            terms = self.strategy.reduce(tf.distribute.ReduceOp.MEAN, terms, axis=None)
            rows = rows.write(i, terms)
            self.step.assign_add(1)
            if self.ema_nets:
                averages.update(self.ema_nets, self.nets, self.options.ema, self.step)
        return rows.stack()

    def sampling_net(self, name: str) -> keras.Model:
        """The averaged net if there is one, else the net itself."""
        return self.ema_nets.get(name, self.nets[name])

    # Training

    def fit(self, callbacks: Sequence[keras.callbacks.Callback] = ()) -> int:
        """Trains until `--iterations`; resumes from the run's newest checkpoint.

        Args:
            callbacks: Keras callbacks; an epoch is one log interval.

        Returns:
            Exit code: 0 finished, 75 or 130 when a signal stopped it (everything is saved).

        Raises:
            DivergedError: a term is not finite; the last good checkpoint is kept.
        """
        return loop.Loop(self, callbacks).fit()

    def agree(self, value: int) -> int:
        """The largest `value` of all workers of this trainer, once all of them have asked."""
        return devices.agree(self.strategy, value)

    def batches(self, first_step: int) -> Iterator:
        """Iterator over elements from iteration `first_step` on, one per call and replica."""
        size = self.options.batch_size * self.options.accumulate
        order = sum(phase.repeat for phase in self.phases), self.seed, first_step, self.replicas

        def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
            here = self.replicas // context.num_input_pipelines
            own = range(here * context.input_pipeline_id, here * (context.input_pipeline_id + 1))
            return batches.dataset(self.data, size, *order, own)

        if self.replicas == 1:
            return iter(pipeline(tf.distribute.InputContext()))
        return iter(self.strategy.distribute_datasets_from_function(pipeline))

    # What stays

    def sheet(self) -> None:  # noqa: B027 - not every system has samples to show
        """Writes a sheet of samples of the fixed latent vectors, if the system has samples."""

    def figures(self) -> None:  # noqa: B027 - not every system has any
        """Writes sheets that are drawn once, of the trained system."""

    def save(self, record: dict) -> None:
        """Writes a checkpoint with `record` and the loss plots.

        Raises:
            DivergedError: a weight is not finite; nothing is written.
        """
        self.check_weights()
        if self.run:
            where = self.run.checkpoints, int(self.step), self.options.keep
            checkpoints.save(self.checkpoint, *where, record)
            self.run.plots_now_and_then()

    def check_weights(self) -> None:
        """Raises DivergedError when a weight is not finite."""
        for name, net in self.nets.items():
            numbers = [v.value for v in net.variables if keras.backend.is_float_dtype(v.dtype)]
            if not tf.reduce_all([tf.reduce_all(tf.math.is_finite(each)) for each in numbers]):
                raise DivergedError(f"{name} has weights that are not finite")

    def restore(self, *, missing_ok: bool = False) -> dict | None:
        """Loads the run's newest checkpoint; returns its record, None if there is no checkpoint.

        Raises:
            MissingError: there is none, unless `missing_ok`.
        """
        folder = self.run.checkpoints if self.run else self.follows
        record = checkpoints.restore(self.checkpoint, folder) if folder else None
        if record is None and not missing_ok:
            raise MissingError(f"{self.run.folder}: no checkpoint yet; train it first")
        return record

    def save_models(self) -> None:
        """Writes `models/<name>.keras`, for `keras.models.load_model`."""
        self.run.models.mkdir(exist_ok=True)
        for name, model in self.models().items():
            with results.whole(self.run.models / f"{name}.keras") as path:
                model.save(path)
