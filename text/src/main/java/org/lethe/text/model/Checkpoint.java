package org.lethe.text.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.study.Storage;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Sample;

/**
 * A model in a folder of the Hugging Face form, which is trained further on the corpus, or taken as it is.
 *
 * <p>It keeps its own tokenizer and writes prompts as the corpus does. Families: GPT-2, Llama, Mistral, Qwen 2 and 3, Phi and
 * GPT-NeoX. Weights must be safetensors.
 *
 * @param path folder with {@code config.json}, {@code model.safetensors} and {@code tokenizer.json}
 * @param epochs passes over the samples; 0 takes the model as it is
 * @param batch samples of a step
 * @param learningRate step size of AdamW at its highest
 * @param weightDecay how strongly weights are drawn to zero
 * @param context longest sample in tokens, at most what the model can read; the end of longer answers is cut off
 * @param bf16 multiply matrices in bfloat16: faster on processors made for it
 */
@Named("checkpoint")
public record Checkpoint(
        Path path, int epochs, int batch, double learningRate, double weightDecay, int context, boolean bf16)
        implements Learner<Corpus, LanguageModel> {
    public Checkpoint {
        Check.require(context >= 2, "context", context, "at least 2");
        new CorpusTraining(epochs, batch, learningRate, weightDecay, 0, 0, bf16); // checks the rest
    }

    /** The model in the folder {@code model}, as it is. */
    public Checkpoint() {
        this(Path.of("model"));
    }

    /** A model as it is. */
    public Checkpoint(Path path) {
        this(path, 0, 8, 1e-4, 0.01, 512, false);
    }

    /** The same, trained further. */
    public Checkpoint withEpochs(int passes) {
        return new Checkpoint(path, passes, batch, learningRate, weightDecay, context, bf16);
    }

    private CheckpointFolder folder() {
        try {
            return CheckpointFolder.open(path);
        } catch (IOException e) {
            throw Storage.refused(path, "cannot be read", e);
        }
    }

    private int context(Architecture shape) {
        return Math.min(context, shape.positions());
    }

    @Override
    public LanguageModel train(Corpus data, Env env) {
        CheckpointFolder folder = folder();
        try (var _ = new PointerScope()) {
            if (epochs == 0) {
                return folder.model(data.format());
            }
            Transformer model = folder.transformer(env.device());
            model.parameters().train(_ -> true);
            List<Encoded> encoded =
                    data.training().stream().map(s -> encoded(folder, data, s)).toList();
            long steps = (encoded.size() + batch - 1L) / batch * epochs;
            CorpusTraining training = new CorpusTraining(
                    epochs, batch, learningRate, weightDecay, (int) Math.min(100, steps / 10), 0, bf16);
            training.run(model, data.training(), encoded, "checkpoint", env);
            return LanguageModel.of(model, folder.tokenizer(), data.format());
        } catch (IOException e) {
            throw Storage.refused(path, "cannot be read", e);
        }
    }

    private Encoded encoded(CheckpointFolder folder, Corpus data, Sample sample) {
        return Encoded.of(
                folder.tokenizer(), data.format(), sample.prompt(), sample.answer(), context(folder.architecture()));
    }

    @Override
    public Estimate estimate(Corpus data) {
        try {
            CheckpointFolder folder = folder();
            List<Sample> some = data.training().stream().limit(64).toList();
            double length = some.stream()
                    .mapToInt(s -> encoded(folder, data, s).length())
                    .average()
                    .orElse(1);
            long size = folder.architecture().size();
            Estimate training = CorpusTraining.estimate(folder.architecture(), length, batch)
                    .times((double) data.training().size() * epochs);
            return new Estimate(1 + size / 5e8 + training.seconds(), epochs == 0 ? 8 * size : training.bytes());
        } catch (LetheException e) {
            return new Estimate(1, 0); // the training itself says what is wrong with the folder
        }
    }
}
