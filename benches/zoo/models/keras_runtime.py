"""Keras on TensorFlow, on one thread."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

version = f"Keras {keras.__version__}, TensorFlow {tf.__version__}"


def compiled(model):
    """The model as one function of TensorFlow, which is the fastest way that Keras has to call it; arrays of TensorFlow come out."""
    return tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)


def functions():
    return {"sigmoid": keras.ops.sigmoid, "tanh": keras.ops.tanh, "exp": keras.ops.exp}
