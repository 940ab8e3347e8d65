"""Networks of identities: where their weights are, and which images are close to each other."""

import io
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from systems import save_classifier

from framework.errors import MissingError, UserError
from framework.frozen import identity
from framework.options import config

MANIFEST = "face_recognition_model-weights_manifest.json"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("face128", (MANIFEST, "face_recognition_model.bin", "vladmandic/face-api")),
        ("resnet50", ("resnet50*.pth", "resnet50_ft_pytorch.tar.gz", "ox-vgg/vgg_face2")),
    ],
)
def test_weights_that_are_nowhere(name, parts, tmp_path):
    with pytest.raises(MissingError) as caught:
        identity.ready(name, None, str(tmp_path))
    for part in (*parts, str(tmp_path / "face_recognition"), "--identity_weights"):
        assert part in str(caught.value)
    assert caught.value.code == 3 and "\n" not in str(caught.value)


def test_a_manifest_whose_file_is_missing(tmp_path):
    (tmp_path / MANIFEST).write_text('[{"paths": ["gone.bin"], "weights": []}]')
    with pytest.raises(MissingError, match=r"no .*gone\.bin: put it there"):
        identity.ready("face128", str(tmp_path / MANIFEST), "")


@pytest.mark.parametrize("name", ["face128", "resnet50"])
def test_a_file_of_something_else(name, tmp_path):
    (tmp_path / "bad.bin").write_text("no weights")
    with pytest.raises(UserError, match=r"--identity_weights.*bad\.bin") as caught:
        identity.ready(name, str(tmp_path / "bad.bin"), "")
    assert caught.value.code == 1


def test_files_are_found_in_a_folder_and_one_below(tmp_path):
    place = tmp_path / "face_recognition"
    (place / "model").mkdir(parents=True)
    for file in (place / "model" / MANIFEST, place / "resnet50_ft_dag.pth", place / "z.npz"):
        file.touch()
    assert identity.find("face128", None, str(tmp_path)) == place / "model" / MANIFEST
    assert identity.find("resnet50", None, str(tmp_path)) == place / "resnet50_ft_dag.pth"
    assert identity.find("resnet50", str(place / "z.npz"), "") == place / "z.npz"


def test_weights_of_another_network(tmp_path):
    np.savez(tmp_path / "resnet50.npz", **{"conv1.weight": np.zeros((64, 3, 7, 7))})
    make = identity.ready("resnet50", str(tmp_path), "")
    with pytest.raises(UserError, match="not of resnet50 .*no conv1_7x7_s2.weight"):
        make()


def test_untrained_nets_need_no_file():
    assert identity.ready("face128", "random", "nowhere")().output_shape == (None, 128)


def test_distance_is_the_mean_difference_of_codes():
    net = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Flatten()])
    ones = np.float32([[0, 0], [1, 5]]).reshape(2, 1, 2, 1)
    twos = np.float32([[1, -3], [1, 5]]).reshape(2, 1, 2, 1)
    for distance in (identity.distance, tf.function(identity.distance)):
        assert distance(net, ones, twos).numpy().tolist() == [2, 0]
    with pytest.raises(ValueError, match="2 images against 1"):
        identity.distance(net, ones, twos[:1])


def teacher_options(*argv: str):
    flags = "--gan_type g2g --g2g_variant cyclefunit --id_mode loss".split()
    return config.parse([*flags, *argv])


def never():
    pytest.fail("a classifier was trained although it is not used")


def test_a_face_net_as_a_teacher():
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)), tf.float32)
    argv = "--identity_net face128 --identity_weights random".split()
    net = identity.teacher(teacher_options(*argv), never)()
    assert net(images, training=False).shape == (2, 128) and not net.trainable_variables
    dry = "--identity_net face128 --data_dir gone --dry_run".split()
    assert identity.teacher(teacher_options(*dry), never)().output_shape == (None, 128)
    with pytest.raises(MissingError, match="no resnet50"):
        identity.teacher(teacher_options("--identity_net", "resnet50", "--data_dir", "gone"), never)


def test_identities_of_a_classifier_are_its_features(tmp_path):
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)), tf.float32)
    net = keras.models.load_model(save_classifier(tmp_path / "net.keras"))
    codes = identity.teacher(teacher_options("--identity_net", "classifier"), lambda: lambda: net)()
    features = keras.Model(net.input, net.get_layer("features").output)
    np.testing.assert_allclose(
        codes(images, training=False), features(images, training=False), atol=1e-5
    )


def faces(folder, count: int) -> np.ndarray:
    """The first aligned faces of CelebA, [N, 109, 89, 3] in [-1, 1]."""
    with zipfile.ZipFile(folder / "celeba" / "img_align_celeba_10k_89x109.zip") as archive:
        names = [f"img_align_celeba/{i:06d}.jpg" for i in range(1, count + 1)]
        images = [np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in names]
    return np.stack(images).astype(np.float32) / 127.5 - 1


@pytest.fixture(scope="module")
def face128(shared_data) -> keras.Model:
    """With its real weights."""
    return identity.ready("face128", None, str(shared_data))()


def test_one_face_is_nearer_to_itself_than_to_others(face128, shared_data):
    """A face mirrored and a face moved by two of 56 pixels, against 15 other people's."""
    every = faces(shared_data, 16)
    images, moved = every[:, 32:88, 16:72], every[:, 30:86, 18:74]
    codes = face128(images).numpy()
    other = np.abs(codes[:, None] - codes).mean(axis=2)
    other = other[~np.eye(16, dtype=bool)].reshape(16, 15)
    for same in (images[:, :, ::-1], moved):
        near = identity.distance(face128, images, same).numpy()
        assert (near < other.min(axis=1)).all()
        assert near.mean() < 0.6 * other.mean()


def test_real_faces_differ_by_the_published_threshold(face128, shared_data):
    """dlib: Euclidean distance below 0.6 for one person, above for two (with its own alignment)."""
    images = faces(shared_data, 16)[:, 32:88, 16:72]
    codes = face128(images).numpy()
    mirrored = np.linalg.norm(codes - face128(images[:, :, ::-1]).numpy(), axis=1)
    others = np.linalg.norm(codes - np.roll(codes, 1, axis=0), axis=1)
    assert mirrored.max() < 0.6 and others.mean() > 0.55
