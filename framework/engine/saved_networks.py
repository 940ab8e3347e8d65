"""Reads single networks from a checkpoint of another run, which may be of another system."""

from collections.abc import Iterator, Mapping

import keras
import tensorflow as tf
from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

GRAPH, VALUE = "_CHECKPOINTABLE_OBJECT_GRAPH", "VARIABLE_VALUE"  # names in TensorFlow's checkpoints
KEYS = ("ema", "nets")  # of networks in a checkpoint: averages of weights come first


class SavedNetworks:
    """The networks in one checkpoint.

    `tf.train.Checkpoint.read` would change some weights before it finds that others do not fit.
    """

    def __init__(self, path: str) -> None:
        """Reads the names of what is saved.

        Args:
            path: the checkpoint, as TensorFlow names it.
        """
        self._reader = tf.train.load_checkpoint(path)
        self._shapes = self._reader.get_variable_to_shape_map()
        self._nodes = TrackableObjectGraph.FromString(self._reader.get_tensor(GRAPH)).nodes

    def has(self, name: str) -> bool:
        """Returns whether there is a network of this name."""
        return self._node(name) is not None

    def copy(self, name: str, net: keras.Model) -> str | None:
        """Copies the weights of a network, the averaged ones if there are any.

        Args:
            name: name of the saved network.
            net: network that gets them; it keeps its own if one of them does not fit.

        Returns:
            Why they do not fit, in words; None if they have been copied.
        """
        node = self._node(name)
        if node is None:
            return "not in that run"
        places = list(self._places(net, node))
        for variable, place in places:
            if place is None:
                return "other layers"
            there, here = self._shapes[place], list(variable.shape)
            if there != here:
                return f"other shapes: {there} there, {here} here"
        for variable, place in places:
            variable.assign(self._reader.get_tensor(place))
        return None

    def _node(self, name: str) -> int | None:
        """Returns the number of the node of a network; None if there is none."""
        for key in KEYS:
            node = self._children(self._children(0).get(key)).get(name)
            if node is not None:
                return node
        return None

    def _children(self, node: int | None) -> Mapping[str, int]:
        """Returns the numbers of the objects that an object consists of, by name."""
        children = [] if node is None else self._nodes[node].children
        return {child.local_name: child.node_id for child in children}

    def _places(
        self, net: keras.Model, node: int | None
    ) -> Iterator[tuple[tf.Variable | keras.Variable, str | None]]:
        """Yields each variable of a network with its name in the checkpoint, None if it has none.

        An object of the network and a saved one correspond if their names are the same in objects
        that correspond.
        """
        view, queue, visited = tf.train.TrackableView(net), [(net, node)], {id(net)}
        for item, saved in queue:
            if isinstance(item, tf.Variable | keras.Variable):
                attributes = [] if saved is None else self._nodes[saved].attributes
                names = [a.checkpoint_key for a in attributes if a.name == VALUE]
                yield item, names[0] if names else None
                continue
            places = self._children(saved)
            for name, child in view.children(item).items():
                if id(child) not in visited:
                    visited.add(id(child))
                    queue.append((child, places.get(name)))
