"""The thesis' networks (tables 3.1, 3.2, A.1, A.2, B.1) as plain Keras layers."""

import keras
from keras import layers

from bench.workloads import CLASSES, NOISE_DIM, Workload

FACE_CONVOLUTIONS = (  # channels, kernel, dropout rate
    (32, 5, 0), (64, 5, 0), (128, 5, 0.1), (256, 3, 0.3), (512, 3, 0.3), (1024, 3, 0.5),
)  # fmt: skip


def _weights() -> dict:
    bias = keras.initializers.Constant(0.1)
    return {"kernel_initializer": keras.initializers.GlorotUniform(), "bias_initializer": bias}


def _prelu(kind: str, x: keras.KerasTensor) -> keras.KerasTensor:
    shared = list(range(1, len(x.shape) - 1)) if kind == "channel" else None
    slopes = keras.initializers.Constant(0.25)
    return layers.PReLU(alpha_initializer=slopes, shared_axes=shared)(x)


def generator(workload: Workload, prelu: str) -> keras.Model:
    """Returns a net: z [N, 100] -> maps after each upsampling, then the image [N, S, S, 3]."""
    faces = workload.image_size == 128
    widths = [512, 256, 128, 64, 32] if faces else [512, 256, 128]
    first = workload.units(1024)
    z = keras.Input((NOISE_DIM,))
    x = layers.Reshape((4, 4, first))(layers.Dense(16 * first, **_weights())(z))
    x = _prelu(prelu, layers.BatchNormalization()(x))
    outputs = []
    for units in widths:
        kernel = 4 if faces else 3
        up = layers.Conv2DTranspose(workload.units(units), kernel, 2, "same", **_weights())
        x = _prelu(prelu, layers.BatchNormalization()(up(x)))
        outputs.append(x)
    last = dict(padding="same", activation="tanh", **_weights())
    outputs.append(layers.Conv2DTranspose(3, 3 if faces else 6, **last)(x))
    return keras.Model(z, outputs)


def critic(workload: Workload, prelu: str, dropout: bool = True) -> keras.Model:
    """Returns a net: image [N, S, S, 3] -> logits [N, 1]."""
    x = inputs = keras.Input((workload.image_size, workload.image_size, 3))
    faces = workload.image_size == 128
    if faces:
        for units, kernel, rate in FACE_CONVOLUTIONS:
            x = layers.Conv2D(workload.units(units), kernel, 2, "same", **_weights())(x)
            x = _prelu(prelu, layers.GroupNormalization(groups=1)(x))
            x = layers.Dropout(rate)(x) if rate and dropout else x
    else:
        for units in (20, 50):
            x = layers.Conv2D(workload.units(units), 5, padding="same", **_weights())(x)
            x = layers.MaxPooling2D()(x)
    x = layers.Dense(workload.units(2048 if faces else 500), **_weights())(layers.Flatten()(x))
    x = layers.GroupNormalization(groups=1)(x) if faces else x
    x = _prelu(prelu, x)
    x = layers.Dropout(0.5)(x) if dropout else x
    return keras.Model(inputs, layers.Dense(1, **_weights())(x))


def encoder(workload: Workload) -> keras.Model:
    """Returns a net: image [N, S, S, 3] -> estimate of z [N, 100]."""
    x = inputs = keras.Input((workload.image_size, workload.image_size, 3))
    for units, stride in ((64, 1), (128, 2), (128, 2), (256, 2)):
        x = layers.Conv2D(workload.units(units), 3, stride, "same")(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    return keras.Model(inputs, layers.Dense(NOISE_DIM)(layers.Dropout(0.4)(layers.Flatten()(x))))


def classifier(workload: Workload) -> keras.Model:
    """Returns a net: image [N, S, S, 3] -> logits [N, 10]."""
    x = inputs = keras.Input((workload.image_size, workload.image_size, 3))
    for units in (32, 64):
        x = layers.LeakyReLU(negative_slope=0.3)(layers.Conv2D(workload.units(units), 3)(x))
    x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
    x = layers.Dense(workload.units(128))(layers.Flatten()(x))
    x = layers.Dropout(0.5)(layers.LeakyReLU(negative_slope=0.3)(x))
    return keras.Model(inputs, layers.Dense(CLASSES)(x))


def vgg19() -> keras.Model:
    """Returns VGG19 with random weights: image -> the content map, then five style maps."""
    net = keras.applications.VGG19(include_top=False, weights=None)
    names = ["block5_conv2", *(f"block{i}_conv1" for i in range(1, 6))]
    net.trainable = False
    return keras.Model(net.input, [net.get_layer(name).output for name in names])
