"""Writes `keras/`: small models of Keras, what they read, and what Keras makes of it.

    python3 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1 && venv/bin/pip install --no-deps tf-keras==2.21.0
    venv/bin/python tests/data/keras_models.py

Keras 3 writes the files named `3_…`, its last version 2 those named `2_…`. Weights are drawn, biases too. Of the layers of cuDNN, which
need its hardware, the results are those of ordinary layers that Keras itself loaded with their weights.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import keras
import numpy as np
import tf_keras
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM

FOLDER = pathlib.Path(__file__).parent / "keras"
ROWS, STEPS = 3, 5
expected = {}


def drawn(model, seed):
    """Every weight from a normal distribution, in eighths, so that a swapped gate shows."""
    rng = np.random.default_rng(seed)
    model.set_weights([np.round(rng.normal(size=w.shape) * 4) / 8 for w in model.get_weights()])
    return model


def features(width, seed):
    return np.round(np.random.default_rng(seed).normal(size=(ROWS, STEPS, width)) * 8).astype(np.float32) / 8


def write(name, model, x, seed=1, results=None):
    """The model as a file, with its input and its output."""
    drawn(model, seed)
    model.save(str(FOLDER / name))
    y = (results or model).predict(x, verbose=0)
    expected[name] = {"input": x.tolist(), "output": np.asarray(y, np.float64).tolist()}


def main():
    FOLDER.mkdir(exist_ok=True)
    for k, old in [(keras, False), (tf_keras, True)]:
        layers, version = k.layers, 2 if old else 3
        sequence = lambda width: k.Input((None, width))

        stack = k.Sequential([
            sequence(3),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both"),
            layers.SpatialDropout1D(0.25),
            layers.GRU(3, dropout=0.125, name="second"),
            layers.Dense(2, activation="softmax", name="classes"),
        ])
        write(f"{version}_stack.keras", stack, features(3, 1))
        stack.save_weights(str(FOLDER / f"{version}_stack.weights.h5"))

        for merge in ["sum", "ave", "mul"]:
            ending = "h5" if merge == "mul" else "keras"
            write(f"{version}_{merge}.{ending}", k.Sequential([
                sequence(2),
                layers.Bidirectional(layers.GRU(2, return_sequences=True, reset_after=False), merge_mode=merge),
                layers.TimeDistributed(layers.Dense(2, activation="tanh")),
                layers.Dense(1),
            ]), features(2, 2), 2)

        symbols = np.array([[0, 1, 4, 0, 2], [3, 3, 0, 0, 0], [0, 0, 0, 0, 0]])
        write(f"{version}_symbols.h5", k.Sequential([
            k.Input((None,)),
            layers.Embedding(5, 3, mask_zero=True, name="letters"),
            layers.LSTM(2, return_sequences=True, name="first"),
            layers.Bidirectional(layers.LSTM(2), name="last"),
            layers.Dense(2, activation="sigmoid", name="top"),
        ]), symbols, 3)

        holes = features(3, 4)
        holes[0, 1], holes[1, 3:], holes[2, 0] = 0.5, 0.5, 0.5
        write(f"{version}_masking.keras", k.Sequential([
            sequence(3),
            layers.Masking(0.5),
            layers.SimpleRNN(2, activation="relu", return_sequences=True),
            layers.GRU(2, return_sequences=True),
            layers.Dense(2),
        ]), holes, 4)

        write(f"{version}_hard.h5", k.Sequential([
            sequence(3),
            layers.LSTM(2, recurrent_activation="hard_sigmoid", activation="softsign", use_bias=False, return_sequences=True),
            layers.GRU(2, recurrent_activation="hard_sigmoid", reset_after=False, use_bias=False, return_sequences=True),
            layers.SimpleRNN(2, go_backwards=True, name="back"),
            layers.Dense(2),
            layers.Activation("tanh"),
        ]), features(3, 5), 5)

        x = sequence(3)
        y = layers.LSTM(2, return_sequences=True, name="lower")(x)
        y = layers.LSTM(3, return_sequences=True, name="upper")(layers.Dropout(0.5)(y))
        write(f"{version}_functional.keras", k.Model(x, layers.Dense(1, activation="relu", name="top")(y)), features(3, 6), 6)

    # Keras 3 writes the layers that compute a mask beside those that it was asked for.
    for k, version in [(keras, 3), (tf_keras, 2)]:
        layers = k.layers
        x = k.Input((None, 3))
        y = layers.GRU(2, return_sequences=True, name="lower")(layers.Masking(0.5, name="masking")(layers.Dropout(0.5)(x)))
        y = layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True), name="both")(y)
        y = layers.LSTM(3, name="upper")(layers.TimeDistributed(layers.Dense(2), name="between")(y))
        write(f"{version}_functional_masking.keras", k.Model(x, layers.Dense(1, name="top")(y)), holes, 8)
        x = k.Input((None,))
        y = layers.LSTM(2, name="last")(layers.Embedding(5, 3, mask_zero=True, name="letters")(x))
        write(f"{version}_functional_symbols.keras", k.Model(x, layers.Dense(2, name="top")(y)), symbols, 9)

    ordinary = tf_keras.Sequential([
        tf_keras.Input((None, 3)),
        tf_keras.layers.Bidirectional(tf_keras.layers.LSTM(2, return_sequences=True), name="both"),
        tf_keras.layers.GRU(4, reset_after=True, name="gru"),
    ])
    cudnn = tf_keras.Sequential([
        tf_keras.Input((None, 3)),
        tf_keras.layers.Bidirectional(CuDNNLSTM(2, return_sequences=True), name="both"),
        CuDNNGRU(4, name="gru"),
    ])
    drawn(cudnn, 7)
    cudnn.save_weights(str(FOLDER / "2_cudnn_weights.h5"), save_format="h5")
    from tf_keras.src.saving.legacy import hdf5_format
    with h5py.File(FOLDER / "2_cudnn_weights.h5") as file:
        hdf5_format.load_weights_from_hdf5_group(file, ordinary)
    write("2_cudnn.h5", cudnn, features(3, 7), 7, ordinary)

    (FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
