package org.lethe.text.model;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.statistics.Statistics;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.Reading;
import org.lethe.text.Sample;
import org.lethe.text.data.SampleFile;
import org.lethe.text.tokenizer.BpeTrainer;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * Trains a small GPT-2 from scratch on samples, with a tokenizer of its own, and writes it to a folder.
 *
 * <p>It learns its samples by heart, so that forgetting can be tried on it without any download.
 *
 * @param samples file of samples, .jsonl or .json: {"prompt": …, "answer": …}
 * @param gpt its shape and training
 * @param vocabulary most entries of the tokenizer, which is trained on the same texts
 * @param tokenizer folder of a model whose tokenizer is used instead: probabilities of two models can be compared only then
 * @param format how a prompt is written: question, plain, llama2, llama3, chatml, zephyr or human-assistant
 * @param to folder for the model, new or empty
 */
@Named("text train")
public record TrainCheckpoint(
        @Argument Path samples,
        @Inline Gpt gpt,
        int vocabulary,
        Optional<Path> tokenizer,
        String format,
        @Required Path to)
        implements Tool<TrainCheckpoint.Result> {
    public TrainCheckpoint {
        BpeTrainer.check(vocabulary);
    }

    /** Two blocks of width 128, at most 2,048 entries, questions; the files are still to be named. */
    public TrainCheckpoint() {
        this(Path.of(""), new Gpt(), 2_048, Optional.empty(), "question", Path.of(""));
    }

    /**
     * How it went.
     *
     * @param samples number of samples
     * @param vocabulary entries of the tokenizer
     * @param parameters parameters of the model
     * @param crossEntropy mean cross-entropy of the answers at the end
     * @param seconds training took
     * @param written folder of the model
     */
    public record Result(
            int samples, int vocabulary, long parameters, double crossEntropy, double seconds, Path written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%d samples, %,d entries, %,d parameters, %.1f s; cross-entropy of the answers %.4f%n",
                    samples,
                    vocabulary,
                    parameters,
                    seconds,
                    crossEntropy);
            out.println(written);
        }
    }

    @Override
    public Result run(Env env) throws IOException {
        CheckpointFolder.requireNew(to);
        List<Sample> read = new SampleFile().read(samples);
        if (read.isEmpty()) {
            throw new LetheException(LetheException.Code.DATA, samples + " has no sample, expected at least one");
        }
        PromptFormat written = PromptFormat.named(format, samples);
        List<String> texts = new ArrayList<>();
        for (Sample sample : read) {
            texts.add(written.of(sample.prompt()));
            texts.add(sample.answer());
        }
        Corpus corpus = new Corpus(
                String.valueOf(samples.getFileName()),
                tokenizer.isPresent() ? Tokenizer.read(tokenizer.get()) : new BpeTrainer(vocabulary).train(texts),
                written,
                read,
                List.of(),
                List.of());
        long from = System.nanoTime();
        LanguageModel model = gpt.train(corpus, env);
        double seconds = (System.nanoTime() - from) / 1e9;
        List<Encoded> encoded = read.stream().map(model::encode).toList();
        double entropy = Statistics.mean(Reading.of(model, encoded, env).crossEntropies());
        CheckpointFolder.saveNew(to, model, ScalarType.Float);
        return new Result(read.size(), corpus.tokenizer().size(), model.size(), entropy, seconds, to);
    }
}
