package org.lethe.text.forget;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.study.Words;
import org.lethe.text.Encoded;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.data.SampleFile;
import org.lethe.text.model.CheckpointFolder;
import org.lethe.text.model.Transformer;

/**
 * Makes a language model forget samples, and writes it to another folder.
 *
 * <p>The folder is as the ecosystem has it: config.json, model.safetensors and tokenizer.json, of GPT-2, Llama, Mistral, Qwen, Phi or GPT-NeoX
 * kind. The result has the same shape, tokenizer and type of weights. Training is in float32: it needs 16 bytes a parameter, or 4 with an
 * adapter, besides activations.
 *
 * @param model folder of the model
 * @param forget file of samples to forget, .jsonl or .json: {"prompt": …, "answer": …} or {"question": …, "answer": …}
 * @param retain file of samples to keep, in the same form; needed unless alpha of the method is 0
 * @param refusals file with a sentence that declines to answer on each line, for idk and idk-dpo
 * @param method method with its settings, as in a study file: npo, or "{npo: {course: {epochs: 5}}}"
 * @param epochs passes over the samples to forget, in place of the method's own
 * @param learningRate largest rate of AdamW, in place of the method's own: 1e-5 for models of billions, 3e-4 for one million
 * @param lora rank of an adapter that is trained in place of the weights and merged at the end; 0 trains the weights
 * @param format how a prompt is written: question, plain, llama2, llama3, chatml, zephyr, human-assistant, or auto for the model's own chat
 *     template
 * @param context longest sample in tokens, at most what the model can read; the end of longer answers is cut off
 * @param to folder for the result, new or empty
 */
@Named("text unlearn")
public record UnlearnCheckpoint(
        @Required Path model,
        @Required Path forget,
        Optional<Path> retain,
        Optional<Path> refusals,
        ByLoss method,
        Optional<Integer> epochs,
        Optional<Double> learningRate,
        Optional<Integer> lora,
        String format,
        int context,
        @Required Path to)
        implements Tool<UnlearnCheckpoint.Result> {
    public UnlearnCheckpoint {
        Check.require(context >= 2, "context", context, "at least 2");
    }

    /** NPO with its own settings, questions, 512 tokens; the files are still to be named. */
    public UnlearnCheckpoint() {
        this(
                Path.of(""),
                Path.of(""),
                Optional.empty(),
                Optional.empty(),
                new ByLoss.Npo(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "question",
                512,
                Path.of(""));
    }

    /**
     * How it went.
     *
     * @param method method with the settings that are not as usual
     * @param parameters parameters of the model
     * @param samples samples to forget
     * @param cut samples whose answer was longer than the context
     * @param steps steps of the optimiser
     * @param ending why it ended: done, target or ceiling
     * @param probabilityBefore mean probability of the answers to forget before, exp(−cross-entropy)
     * @param probability the same after
     * @param retainBefore mean cross-entropy of some samples to keep before, where there are any
     * @param retain the same after
     * @param curve mean probability of the answers to forget and cross-entropy of some to keep, after each epoch
     * @param written folder of the result
     */
    public record Result(
            String method,
            long parameters,
            int samples,
            int cut,
            long steps,
            String ending,
            double probabilityBefore,
            double probability,
            Optional<Double> retainBefore,
            Optional<Double> retain,
            List<List<Double>> curve,
            Path written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%s, %,d parameters, %d samples to forget%n", method, parameters, samples);
            if (cut > 0) {
                out.printf(
                        Locale.ROOT,
                        "%d samples are longer than the context: the end of their answer was cut off%n",
                        cut);
            }
            out.printf(Locale.ROOT, "%n%-32s %10s %10s%n", "", "before", "after");
            out.printf(
                    Locale.ROOT,
                    "%-32s %10.4f %10.4f%n",
                    "probability of answers to forget",
                    probabilityBefore,
                    probability);
            retain.ifPresent(after -> out.printf(
                    Locale.ROOT,
                    "%-32s %10.4f %10.4f%n",
                    "cross-entropy of answers to keep",
                    retainBefore.orElse(Double.NaN),
                    after));
            out.printf(Locale.ROOT, "%n%d steps; ended: %s%n", steps, ending);
            out.println("What is left is measured by: lethe text audit");
            out.println(written);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        CheckpointFolder.requireNew(to);
        CheckpointFolder folder = CheckpointFolder.open(model);
        PromptFormat written = PromptFormat.named(format, model);
        Course course = course();
        int longest = Math.min(context, folder.architecture().positions());
        List<Encoded> forgotten = encoded(folder, written, forget, longest);
        List<Encoded> kept = retain.isPresent() ? encoded(folder, written, retain.get(), longest) : List.of();
        if (kept.isEmpty() && course.alpha() > 0) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--retain is missing: " + Named.Of.name(method)
                            + " also trains on samples to keep (alpha is " + course.alpha()
                            + "); name a file, or use gradient-ascent");
        }
        List<Encoded> declined = declined(folder, written, longest);
        Unlearning loop =
                new Unlearning(Named.Of.name(method), method.loss(), method.adapting(), method.weighting(), course);
        try (var _ = new PointerScope()) {
            Transformer open = folder.transformer(env.device());
            Unlearning.Outcome outcome =
                    loop.run(open, new Unlearning.Samples(forgotten, kept, declined), env, _ -> {});
            folder.save(to, open, folder.type());
            return result(outcome, open, forgotten, longest, folder);
        }
    }

    private Result result(
            Unlearning.Outcome outcome,
            Transformer open,
            List<Encoded> forgotten,
            int longest,
            CheckpointFolder folder) {
        Unlearning.Point first = outcome.curve().getFirst();
        Unlearning.Point last = outcome.last();
        int end = folder.tokenizer().end();
        boolean both = retain.isPresent();
        return new Result(
                Words.brief(method, new ByLoss.Npo()),
                open.parameters().size(),
                forgotten.size(),
                (int) forgotten.stream()
                        .filter(e -> e.length() == longest && e.ids()[longest - 1] != end)
                        .count(),
                outcome.steps(),
                outcome.end().name().toLowerCase(Locale.ROOT),
                first.forgetProbability(),
                last.forgetProbability(),
                both ? Optional.of(first.retainCrossEntropy()) : Optional.empty(),
                both ? Optional.of(last.retainCrossEntropy()) : Optional.empty(),
                outcome.curve().stream()
                        .map(p -> both
                                ? List.of((double) p.step(), p.forgetProbability(), p.retainCrossEntropy())
                                : List.of((double) p.step(), p.forgetProbability()))
                        .toList(),
                to);
    }

    private Course course() {
        Course course = method.course();
        if (epochs.isPresent()) {
            Check.require(epochs.get() >= 1, "epochs", epochs.get(), "at least 1");
            course = course.with(epochs.get(), course.batch(), course.learningRate());
        }
        if (learningRate.isPresent()) {
            course = Components.with(course, "learningRate", learningRate.get());
        }
        return lora.isPresent() ? course.withLora(lora.get()) : course;
    }

    static List<Encoded> encoded(CheckpointFolder folder, PromptFormat format, Path file, int context)
            throws IOException {
        List<Encoded> encoded = new ArrayList<>();
        List<Sample> samples = new SampleFile().read(file);
        for (int n = 0; n < samples.size(); n++) {
            try {
                encoded.add(Encoded.of(
                        folder.tokenizer(),
                        format,
                        samples.get(n).prompt(),
                        samples.get(n).answer(),
                        context));
            } catch (IllegalArgumentException e) {
                throw new LetheException(
                        LetheException.Code.DATA, file + ": sample " + (n + 1) + ": " + e.getMessage(), e);
            }
        }
        if (encoded.isEmpty()) {
            throw new LetheException(LetheException.Code.DATA, file + " has no sample, expected at least one");
        }
        return encoded;
    }

    /** The prompts to forget with the sentences that decline, in turn. */
    private List<Encoded> declined(CheckpointFolder folder, PromptFormat written, int longest) throws IOException {
        if (refusals.isEmpty()) {
            boolean needed =
                    method.loss() instanceof ForgettingLoss.Idk || method.loss() instanceof ForgettingLoss.IdkDpo;
            if (needed) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "--refusals is missing: " + Named.Of.name(method) + " needs sentences that decline to answer");
            }
            return List.of();
        }
        List<String> sentences = SampleFile.sentences(refusals.get());
        if (sentences.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA, refusals.get() + " has no sentence, expected one on each line");
        }
        List<Encoded> declined = new ArrayList<>();
        List<Sample> samples = new SampleFile().read(forget);
        for (int n = 0; n < samples.size(); n++) {
            declined.add(Encoded.of(
                    folder.tokenizer(),
                    written,
                    samples.get(n).prompt(),
                    sentences.get(n % sentences.size()),
                    longest));
        }
        return declined;
    }
}
