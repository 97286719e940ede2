package org.lethe.text.model;

import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Sample;
import org.lethe.torch.Initial;

/**
 * A small GPT-2 that is trained from scratch on the corpus, with the corpus's tokenizer (Radford et al. 2019, without dropout).
 *
 * <p>It learns answers given their prompts; of a sample without a prompt it learns the whole text. The defaults memorise 400
 * questions and answers in 40 seconds on one core. Samples that are longer than the context lose the end of their answer.
 *
 * @param dims width
 * @param layers number of blocks
 * @param heads attention heads; a divisor of {@code dims}
 * @param context longest sample in tokens
 * @param epochs most passes over the samples
 * @param batch samples of a step
 * @param learningRate step size of AdamW at its highest
 * @param weightDecay how strongly weights are drawn to zero
 * @param warmup steps during which the step size grows
 * @param stopAt end the training once the mean cross-entropy of an epoch is below this; 0 never does
 * @param bf16 multiply matrices in bfloat16: twice as fast at a width of 256 on processors made for it
 */
@Named("gpt")
public record Gpt(
        int dims,
        int layers,
        int heads,
        int context,
        int epochs,
        int batch,
        double learningRate,
        double weightDecay,
        int warmup,
        double stopAt,
        boolean bf16)
        implements Learner<Corpus, LanguageModel> {
    private static final double SD = 0.02; // of initial weights, as in GPT-2

    public Gpt {
        Check.require(heads >= 1, "heads", heads, "at least 1");
        Check.require(dims >= 1 && dims % heads == 0, "dims", dims, "a multiple of heads, which is " + heads);
        Check.require(layers >= 1, "layers", layers, "at least 1");
        Check.require(context >= 2, "context", context, "at least 2");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        new CorpusTraining(epochs, batch, learningRate, weightDecay, warmup, stopAt, bf16); // checks the rest
    }

    /** Two blocks of width 128 for at most 20 epochs. */
    public Gpt() {
        this(128, 2, 4, 96, 20, 8, 3e-3, 0.01, 50, 0.05, false);
    }

    /** The same with another number of passes. */
    public Gpt withEpochs(int most) {
        return new Gpt(dims, layers, heads, context, most, batch, learningRate, weightDecay, warmup, stopAt, bf16);
    }

    private Architecture shape(Corpus data) {
        return Architecture.gpt(
                data.tokenizer().size(),
                dims,
                layers,
                heads,
                context,
                data.tokenizer().end());
    }

    private CorpusTraining training() {
        return new CorpusTraining(epochs, batch, learningRate, weightDecay, warmup, stopAt, bf16);
    }

    @Override
    public LanguageModel train(Corpus data, Env env) {
        try (var _ = new PointerScope()) {
            Transformer model = start(data, env);
            model.parameters().train(_ -> true);
            training().run(model, data.training(), encoded(data), "gpt", env);
            return LanguageModel.of(model, data.tokenizer(), data.format());
        }
    }

    /** The untrained model of a seed. */
    Transformer start(Corpus data, Env env) {
        Transformer model = new Transformer(shape(data), env.device());
        double output = SD / Math.sqrt(2.0 * layers); // each block adds twice to the stream
        model.parameters()
                .draw(
                        env.random("gpt start"),
                        (name, tensor) -> Optional.of(initial(name, tensor, output)),
                        env.workers());
        return model;
    }

    private static Initial initial(String name, Tensor tensor, double output) {
        if (tensor.dim() == 1) {
            return Initial.constant(name.endsWith(".weight") ? 1 : 0);
        }
        return Initial.normal(0, name.endsWith("c_proj.weight") ? output : SD);
    }

    private List<Encoded> encoded(Corpus data) {
        return data.training().stream().map(s -> encoded(data, s)).toList();
    }

    private Encoded encoded(Corpus data, Sample sample) {
        return Encoded.of(data.tokenizer(), data.format(), sample.prompt(), sample.answer(), context);
    }

    @Override
    public Estimate estimate(Corpus data) {
        List<Sample> some = data.training().stream().limit(64).toList();
        double length =
                some.stream().mapToInt(s -> encoded(data, s).length()).average().orElse(1);
        return CorpusTraining.estimate(shape(data), length, batch)
                .times((double) data.training().size() * epochs)
                .then(new Estimate(1, 0));
    }
}
