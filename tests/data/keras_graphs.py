"""Writes `keras_graphs/`: small models of Keras that are no chain, what they read, and what Keras makes of it.

    venv/bin/python tests/data/keras_graphs.py        # the packages of keras_models.py

A decoder that begins in the states of its encoder and attends to it, and branches that run both ways and are merged in every way.
"""

import json
import pathlib

import keras
import numpy as np
import tf_keras

import keras_models as models

FOLDER = pathlib.Path(__file__).parent / "keras_graphs"
expected = {}


def write(name, model, inputs, seed):
    models.drawn(model, seed)
    model.save(str(FOLDER / name))
    y = model.predict(inputs, verbose=0)
    outputs = y if isinstance(y, list) else [y]
    expected[name] = {"inputs": [x.tolist() for x in inputs], "outputs": [np.asarray(y, np.float64).tolist() for y in outputs]}


def main():
    FOLDER.mkdir(exist_ok=True)
    for k, version in [(keras, 3), (tf_keras, 2)]:
        L = k.layers
        letters = k.Input((None,), dtype="int32", name="letters")
        x = k.Input((None, 3), name="frames")
        encoded, h, c = L.LSTM(2, return_sequences=True, return_state=True, name="encoder")(x)
        table = L.Embedding(5, 3, name="table")(letters)
        decoded = L.LSTM(2, return_sequences=True, name="decoder")(table, initial_state=[h, c])
        context = L.Attention(name="attention")([decoded, encoded])
        other = L.AdditiveAttention(name="additive")([decoded, encoded])
        both = L.Concatenate(name="joined")([decoded, context, other])
        y = L.TimeDistributed(L.Dense(4, activation="softmax"), name="classes")(both)
        symbols = np.array([[0, 1, 4], [3, 2, 0], [1, 1, 2]], np.int32)
        write(f"{version}_decoder.keras", k.Model([letters, x], [y, h]), [symbols, models.features(3, 11)], 11)

        x = k.Input((5, 2), name="frames")
        back = L.GRU(3, return_sequences=True, go_backwards=True, name="back")(x)
        there = L.Bidirectional(L.SimpleRNN(3, return_sequences=True), merge_mode="ave", name="there")(x)
        swish = L.Dense(3, activation="swish", name="swish")(x)
        hard = L.Dense(3, activation="hard_sigmoid", use_bias=False, name="hard")(x)
        y = L.Add()([L.Multiply()([back, hard]), L.Average()([there, swish, back])])
        last = L.Bidirectional(L.LSTM(2), name="last")(L.Dropout(0.5)(L.Subtract()([y, hard])))
        again = L.RepeatVector(5)(last)
        y = L.Concatenate(axis=-1)([again, L.Permute((2, 1))(L.Reshape((3, 5))(y))])
        y = L.Activation("tanh")(L.Dense(2, name="top")(L.Flatten()(y)))
        write(f"{version}_branches.h5", k.Model(x, y), [models.features(2, 12)], 12)
    (FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)


main()
