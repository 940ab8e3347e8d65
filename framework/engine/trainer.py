"""The training step: gradients of the weights, and their mean over replicas and micro-batches.

A system subclasses `Trainer` and defines which networks it trains, by which updates (`Phase`) and
on which batches. Its constructor trains nothing and writes nothing: pretrained networks are
prepared before it is called (`Trainer.prepare`). `engine.loop` decides when to log and to save;
`framework.evaluation` computes metrics and draws sheets.
"""

import abc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from framework.data import Data, batches
from framework.data.augmentation import Augmentation
from framework.engine import averages, checkpoints, devices, layer_forms, precision
from framework.engine.image_pool import ImagePool
from framework.engine.phase import Batch, Phase, is_statistic
from framework.engine.preparation import Frozen, Preparation
from framework.engine.randomness import Random
from framework.engine.system import System
from framework.engine.updater import Updater
from framework.errors import DivergedError, UsageError
from framework.frozen import weights
from framework.options.base import Options
from framework.utils import dtype_policy, to_float
from nets import blocks


class Trainer(abc.ABC):
    """Base class of the trainers of all systems.

    Attributes:
        system_class: class of the networks that are used after training.
        contract: kind of batches it trains on, one of `data.batches.CONTRACTS`.
        system: the networks that are used after training.
        nets: all networks by name, in the order in which they were built.
        frozen: pretrained networks by name; they are never updated.
        phases: the updates of one iteration, in order.
        pools: image pools by name; empty for most systems.
        step: number of iterations done, a variable.
        term_names: columns of history.csv, in the order in which `run_steps` returns their values;
            empty before the first call.
    """

    system_class: type[System]
    contract = "domains"

    def __init__(self, options: Options, data: Data, frozen: Frozen | None = None):
        """Builds networks, phases and optimisers.

        Args:
            options: options of the run.
            data: the result of `data.load` for this contract; `training_data` selects from it.
            frozen: the result of `prepare`; None for systems without pretrained networks.

        Raises:
            UsageError: a device does not exist, the batch size is not a multiple of the number of
                devices, or the networks cannot be compiled for these devices.
        """
        frozen = frozen or Frozen()
        self.options, self.data = options, self.training_data(options, data)
        devices.make_reproducible(options.deterministic)
        self.strategy = devices.strategy(options.devices)
        self.replicas = self.strategy.num_replicas_in_sync
        if options.batch_size % self.replicas:
            raise UsageError(f"--batch_size: must be a multiple of the {self.replicas} devices")
        keras.utils.set_random_seed(options.seed)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        with self.strategy.scope():
            self._build(frozen)
        self.term_names: list[str] = []
        self.reseed(0)
        self.pools = self.build_pools()
        self.checkpoint = tf.train.Checkpoint(**self._state())
        if frozen.start:
            self._start_from(frozen.start, frozen.start_nets)

    @classmethod
    def choose(cls, options: Options) -> type["Trainer"]:
        """Returns the class that trains these options; a system may have several variants."""
        return cls

    @classmethod  # noqa: B027 - most systems have nothing to check
    def check(cls, options: Options) -> None:
        """Raises UserError for files that the options name and that are missing, such as a run."""

    @classmethod
    def training_data(cls, options: Options, data: Data) -> Data:
        """Returns the part of the data that is used for training; by default all data."""
        return data

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """Finds the pretrained networks that these options need; none by default.

        Missing networks are trained or downloaded here, so that errors occur before training.

        Args:
            options: options of the run.
            data: the result of `data.load`.
            preparation: trains missing classifiers and first stages.
        """
        return Frozen()

    def _build(self, frozen: Frozen) -> None:
        """Builds everything that has variables; the initial weights depend on this order."""
        self.frozen = {name: make() for name, make in frozen.makers.items()}
        with dtype_policy(self.options.mixed_precision):
            self.system = self.system_class(self.options, self.data.facts, self.frozen)
            self.nets = self.system.nets | self.build_training_nets()
        nets = [*self.nets.values(), *self.frozen.values()]
        self.phases = self.build_phases()
        branching = [self.nets[n] for phase in self.phases if phase.branches for n in phase.nets]
        layer_forms.choose(self.options, nets, branching, self.replicas)
        self.updaters = {phase.name: self._updater(phase) for phase in self.phases}
        self._ema_decay = getattr(self.options, "ema", 0.0)  # some systems have no averages
        if self._ema_decay:
            self.system.averages = averages.copies(self.system.nets)

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds the networks that only training needs, such as discriminators; by name."""
        return {}

    @abc.abstractmethod
    def build_phases(self) -> list[Phase]:
        """Returns the updates of one iteration, in order."""

    def build_pools(self) -> dict[str, ImagePool]:
        """Builds the image pools by name, which checkpoints contain; none by default."""
        return {}

    def statistics(self) -> dict[str, float]:
        """Computes statistics of the weights to log beside the terms, by column (`stat/...`)."""
        return {}

    def held_out_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor] | None:
        """Computes loss terms of held-out images without training; None if not defined."""
        return None

    def extra_state(self) -> dict[str, tf.Module | dict]:
        """Returns what a checkpoint holds besides networks, averages and optimisers, by key."""
        return {}

    # The step

    def _updater(self, phase: Phase) -> Updater:
        o = self.options
        scale = precision.LossScale() if o.mixed_precision == "float16" else None
        # A layer that several networks share is listed once.
        statistics = {id(v): v for net in self.nets.values() for v in net.non_trainable_variables}
        return Updater(
            phase.optimizer, self.variables(phase), list(statistics.values()),
            clip_norm=o.clip_norm, skip=o.nan_policy == "skip", scale=scale,
            conditional=phase.when is not None,
        )  # fmt: skip

    def variables(self, phase: Phase) -> list[keras.Variable]:
        """Returns the trainable variables of a phase; shared variables are listed once."""
        variables = [v for name in phase.nets for v in self.nets[name].trainable_variables]
        return list({id(v): v for v in variables}.values())

    def update(self, phase: Phase, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Makes one update on this replica.

        Args:
            phase: one of `phases`.
            batch: this replica's rows.
            random: random numbers of this update.

        Returns:
            Scalar terms of this replica by column of history.csv.
        """
        updater, count = self.updaters[phase.name], self.options.accumulate
        before = updater.snapshot()
        columns = {key: tf.split(rows, count) for key, rows in batch.items()}
        sums: tuple = ()
        for i, micro_random in enumerate(random.split(count)):
            micro_batch = {key: rows[i] for key, rows in columns.items()}
            # In parallel, the micro-batches would need the memory of the full batch.
            with tf.control_dependencies(tf.nest.flatten(sums)):
                results = self._gradients(updater, phase, micro_batch, micro_random)
            sums = tf.nest.map_structure(tf.add, sums, results) if sums else results
        grads, terms = sums[0], {name: value / count for name, value in sums[1].items()}
        accept = None
        if phase.when:
            context = tf.distribute.get_replica_context()
            accept = phase.when(context.all_reduce(tf.distribute.ReduceOp.MEAN, terms))
        statistics = updater.apply(grads, phase.loss(terms), before, accept)
        if phase.after:
            phase.after(updater.variables)
        minimised = {k: v for k, v in terms.items() if not is_statistic(k)}
        logged = {phase.column(name): value for name, value in (minimised | terms).items()}
        return logged | {f"stat/{name}_{phase.name}": value for name, value in statistics.items()}

    def _gradients(self, updater: Updater, phase: Phase, batch: Batch, random: Random) -> tuple:
        """Computes gradients of the loss divided by the number of parts, and the terms.

        The parts are the replicas and their micro-batches; the sum over all parts is the gradient
        of the mean loss.
        """

        def compute(batch: Batch, key: tf.Tensor, update: tf.Tensor) -> tuple:
            variables = updater.variables
            values = [v.value for v in variables]
            traced_random = random.of_update(key, update)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                with blocks.randomness(traced_random.uniform):
                    terms = phase.terms(batch, traced_random)
                decays = [v.regularizer(v.value) for v in variables if v.regularizer]
                if decays:
                    terms = terms | {"decay": tf.add_n(decays)}
                # Gradients are summed over all parts; this division makes the sum a mean.
                parts = self.replicas * self.options.accumulate
                loss = updater.scaled(phase.loss(terms) / parts)
            # Gradients of an embedding table are indexed slices, which cannot be added.
            grads = tape.gradient(loss, values)
            return [g if g is None else tf.convert_to_tensor(g) for g in grads], terms

        if self.replicas == 1:  # one trace serves all updates of a phase
            compute = self._passes.setdefault((phase.name, random.part), self.compiled(compute))
        elif self.options.jit:  # each replica has its own variables, and so its own trace
            compute = self.compiled(compute)
        return compute(batch, random.key, tf.constant(random.update))

    def compiled(self, compute: Callable) -> Callable:
        """Returns the forward and backward pass of a phase as a separate graph."""
        return tf.function(compute, jit_compile=self.options.jit or None, autograph=False)

    def iteration(self, element: Batch) -> tf.Tensor:
        """Runs all phases in order on one replica.

        Args:
            element: one element of `data.batches.dataset`: a batch for each update, and the step.

        Returns:
            Means of the terms over the updates of their phase, float32 [terms].
        """
        context = tf.distribute.get_replica_context()
        replica = context.replica_id_in_sync_group if self.replicas > 1 else 0
        terms: dict[str, list[tf.Tensor]] = {}
        updates = [phase for phase in self.phases for _ in range(phase.repeat)]
        for i, phase in enumerate(updates):
            columns = {key: value[i] for key, value in element.items() if key != "step"}
            batch = {k: to_float(v) if k[0] == "x" else v for k, v in columns.items()}
            random = Random(self.seed, element["step"], i, replica, self.replicas)
            for name, value in self.update(phase, batch, random).items():
                terms.setdefault(name, []).append(tf.cast(value, tf.float32))
        self.term_names = list(terms)
        return tf.stack([tf.add_n(values) / len(values) for values in terms.values()])

    def reseed(self, rollbacks: int) -> None:
        """Uses the batches and random numbers of seed `--seed` + `rollbacks` from here on."""
        self.seed = self.options.seed + rollbacks
        self._passes: dict[tuple, Callable] = {}
        self._compiled = tf.function(self._steps)

    def run_steps(self, iterator: Iterator, count: int) -> tf.Tensor:
        """Runs `count` iterations in one call of a compiled graph; returns terms [count, terms]."""
        return self._compiled(iterator, tf.constant(count))

    def _steps(self, iterator: Iterator, count: tf.Tensor) -> tf.Tensor:
        # Without conversion by AutoGraph, tracing takes 3/4 of the time.
        iteration = tf.autograph.experimental.do_not_convert(self.iteration)
        rows = tf.TensorArray(tf.float32, count)
        for i in tf.range(count):
            terms = self.strategy.run(iteration, args=(next(iterator),))
            terms = self.strategy.reduce(tf.distribute.ReduceOp.MEAN, terms, axis=None)
            rows = rows.write(i, terms)
            self.step.assign_add(1)
            if self.system.averages:
                averages.update(self.system.averages, self.nets, self._ema_decay, self.step)
        return rows.stack()

    def agree(self, value: int) -> int:
        """Returns the largest `value` of all workers; waits until every worker has called it."""
        return devices.agree(self.strategy, value)

    def batches(self, first_step: int) -> Iterator:
        """Returns an iterator over the batches of iterations `first_step`, `first_step` + 1, ..."""
        size = self.options.batch_size * self.options.accumulate
        updates = sum(phase.repeat for phase in self.phases)
        position = updates, self.seed, first_step, self.replicas
        augmentation = Augmentation.of(self.options, self.seed)

        def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
            count = self.replicas // context.num_input_pipelines
            first = count * context.input_pipeline_id
            worker_replicas = range(first, first + count)
            return batches.dataset(self.data, size, *position, worker_replicas, augmentation)

        if self.replicas == 1:
            return iter(pipeline(tf.distribute.InputContext()))
        return iter(self.strategy.distribute_datasets_from_function(pipeline))

    # State

    def _state(self) -> dict:
        optimizers = {name: updater.optimizer for name, updater in self.updaters.items()}
        state = dict(step=self.step, nets=self.nets, ema=self.system.averages, opt=optimizers)
        scales = {name: u.scale for name, u in self.updaters.items() if u.scale}
        pools = {name: pool.all_images for name, pool in self.pools.items()}
        optional = {"scale": scales, "pools": pools}
        state |= {key: value for key, value in optional.items() if value}
        return state | self.extra_state()

    def _start_from(self, run: Path, names: tuple[str, ...]) -> None:
        """Copies the weights of these networks from a finished run, to the averages too."""
        for name in names:
            net = self.nets[name] if name in self.nets else self.frozen[name]
            weights.copy_from_run(net, run, name)
        averages.restart(self.system.averages, self.nets)

    def save(self, folder: Path, record: dict, **kept: Any) -> None:
        """Writes a checkpoint as `checkpoints.save`; DivergedError if a weight is not finite."""
        self.check_weights()
        for pool in self.pools.values():
            pool.collect()
        kept = {"keep": self.options.keep} | kept
        checkpoints.save(self.checkpoint, folder, int(self.step), record=record, **kept)

    def restore(self, folder: Path) -> dict | None:
        """Loads the newest checkpoint in `folder`.

        Returns:
            The record saved with it; None if there is no checkpoint.

        Raises:
            UserError: all checkpoints are damaged, or were saved by other networks.
        """
        record = checkpoints.restore(self.checkpoint, folder)
        for pool in self.pools.values():
            pool.spread()
        return record

    def check_weights(self) -> None:
        """Raises DivergedError if a weight is not finite."""
        for name, net in self.nets.items():
            values = [v.value for v in net.variables if keras.backend.is_float_dtype(v.dtype)]
            if not tf.reduce_all([tf.reduce_all(tf.math.is_finite(value)) for value in values]):
                raise DivergedError(f"{name} has weights that are not finite")

    def models(self) -> dict[str, keras.Model]:
        """Returns the models that are saved in `models/` after training, by file name."""
        return self.nets | self.system.models()
