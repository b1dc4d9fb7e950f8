"""rnncore: recurrent networks as equations, and backpropagation through time that can be looked into.

Needs numpy alone. A first use::

    from rnncore import Corpus, Model, Window, backward, forward, ledger

    corpus = Corpus.from_text("the cat sat on the mat . the dog sat on the log .")
    model = Model.create("lstm", corpus.vocabulary.size, hidden_size=16, seed=1)
    example = corpus.examples[0]
    trace = forward(model, example.inputs)
    gradients = backward(model, trace, example.targets, Window(4))
    print(trace.losses(example.targets), gradients.norm())
    print(ledger(model, trace, example.targets, "W_f", Window(4)).signed)
"""
