"""g2p-en: graphemes to phonemes. Its own NumPy code, with its own weights; the dictionary that it asks first is left out."""

from . import STEPS, Row

WORDS = ["activationist", "recurrent", "zoo", "quixotic", "phonemes"]
MOST, FIRST, LAST = 20, 2, 3


class Home:
    rows = ["g2p-en"]

    def __init__(self, folder, work):
        import nltk
        import numpy as np

        # It would fetch a dictionary and a tagger, which the network does not need.
        nltk.download = lambda *_, **__: False
        from g2p_en.g2p import G2p

        self.np, self.folder = np, folder
        self.version = f"g2p-en 2.1.0, NumPy {np.__version__}"
        self.model = object.__new__(G2p)
        # What its constructor sets before it opens the dictionary.
        letters = ["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"]
        self.model.graphemes, self.model.g2idx = letters, {letter: k for k, letter in enumerate(letters)}
        self.model.idx2p = {k: k for k in range(74)}
        self.model.load_variables()

    def functions(self):
        return {"sigmoid": self.model.sigmoid, "tanh": self.np.tanh}

    def open(self, row):
        np, model = self.np, self.model
        feeds = {f"word{k}": self.letters(word) for k, word in enumerate(WORDS)}
        path = self.folder / "g2p_en" / "checkpoint20.npz"
        state = np.zeros((1, 256), np.float32)
        first = np.take(model.dec_emb, [FIRST], axis=0)

        def steps():
            nonlocal state
            for _ in range(STEPS):
                state = model.grucell(first, state, model.dec_w_ih, model.dec_w_hh, model.dec_b_ih, model.dec_b_hh)
                (np.matmul(state, model.fc_w.T) + model.fc_b).argmax()

        return Row(
            ours={"kind": "g2p", "path": str(path), "most": MOST, "first": FIRST, "last": LAST},
            feeds=feeds,
            weights=dict(np.load(path)),
            run=self.run,
            sequence=lambda: [model.predict(word) for word in WORDS],
            step=(steps, STEPS),
            steps=sum(len(word) + 1 for word in WORDS),
            options={"words": len(WORDS)},
            note=f"{len(WORDS)} words; a step is one of the decoder; phonemes must be equal",
        )

    def letters(self, word):
        return self.np.array([self.model.g2idx[letter] for letter in word] + [self.model.g2idx["</s>"]], self.np.int64)

    def run(self):
        """`predict` as it is, watched: the logits are what its argmax is taken of."""
        np, outputs = self.np, {}
        for k, word in enumerate(WORDS):
            seen = []
            matmul = np.matmul
            try:
                # The only products with a matrix of so many columns are those of the last layer.
                np.matmul = lambda a, b: self.watched(matmul(a, b), b, seen)
                phonemes = self.model.predict(word)
            finally:
                np.matmul = matmul
            logits = np.concatenate(seen) + self.model.fc_b
            outputs[f"logits{k}"] = logits.astype(np.float32)
            ended = [LAST] if len(phonemes) < len(seen) else []
            outputs[f"phonemes{k}"] = np.array([*phonemes, *ended], np.int64)
        return outputs

    @staticmethod
    def watched(product, b, seen):
        if b.shape[-1] == 74:
            seen.append(product)
        return product


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import gru_gates

    def gates(part):
        w, u, b_w, b_u = (weights[f"{part}_{name}"] for name in ["w_ih", "w_hh", "b_ih", "b_hh"])
        return gru_gates(w, u, [b_w], [b_u])

    encoder, decoder, outputs = gates("enc"), gates("dec"), {}
    for k in range(options["words"]):
        h = torch.zeros(1, 256, dtype=torch.float64)
        for letter in feeds[f"word{k}"]:
            h = rounded.gru(weights["enc_emb"][letter][None], h, encoder)
        phoneme, logits = FIRST, []
        while len(logits) < MOST and (not logits or phoneme != LAST):
            h = rounded.gru(weights["dec_emb"][phoneme][None], h, decoder)
            logits.append(rounded.affine([(weights["fc_w"], h)], [weights["fc_b"]]))
            phoneme = int(logits[-1].argmax())
        outputs[f"logits{k}"] = torch.cat(logits)
    return outputs
