"""Inception v3, whose pooled features are used by KID and FID of photographs; never trained.

Szegedy et al., arXiv 1512.00567, with the ImageNet weights of keras.applications. Published FIDs
use other weights (TF-Slim, 2015), so that absolute values differ.
"""

import keras

SIZE = 299
RESIZER = "bilinear to 299x299, half-pixel centres, no antialias"


def inception(weights: str | None = "imagenet") -> keras.Model:
    """Returns a net: images [N, H, W, 3] in [-1, 1] -> features [N, 2048].

    The net resizes the images to 299x299. `weights` None gives untrained weights, for tests. Raises
    FileNotFoundError when the file of Keras is not in its cache and cannot be downloaded.
    """
    try:
        net = keras.applications.InceptionV3(
            include_top=False, weights=weights, pooling="avg", input_shape=(SIZE, SIZE, 3)
        )
    except Exception as error:  # Keras raises a plain Exception without a network
        raise FileNotFoundError("no InceptionV3 weights in Keras' cache, nor a network") from error
    x = keras.Input((None, None, 3), name="x")
    resized = keras.layers.Resizing(SIZE, SIZE, interpolation="bilinear")(x)
    model = keras.Model(x, net(resized, training=False), name="inception")
    model.trainable = False
    return model
