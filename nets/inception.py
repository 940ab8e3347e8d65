"""Inception v3, whose pooled features KID and FID of photographs compare: always frozen.

Szegedy et al., arXiv 1512.00567, with the ImageNet weights of keras.applications. The published
FIDs use another training of it (TF-Slim, 2015), so absolute numbers differ from theirs.
"""

import keras

SIZE = 299
RESIZER = "bilinear to 299x299, half-pixel centres, no antialias"


def inception(weights: str | None = "imagenet") -> keras.Model:
    """Images [N, H, W, 3] in [-1, 1] -> features [N, 2048]; resized inside.

    `weights` None is for tests. Raises FileNotFoundError when Keras' file is neither in its cache
    nor can be downloaded.
    """
    try:
        net = keras.applications.InceptionV3(
            include_top=False, weights=weights, pooling="avg", input_shape=(SIZE, SIZE, 3)
        )
    except Exception as error:  # Keras raises nothing more special when there is no network
        raise FileNotFoundError("no InceptionV3 weights in Keras' cache, nor a network") from error
    x = keras.Input((None, None, 3), name="x")
    resized = keras.layers.Resizing(SIZE, SIZE, interpolation="bilinear")(x)
    model = keras.Model(x, net(resized, training=False), name="inception")
    model.trainable = False
    return model
