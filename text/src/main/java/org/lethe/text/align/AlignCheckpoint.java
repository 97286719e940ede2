package org.lethe.text.align;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.numerics.Keyed;
import org.lethe.study.Words;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;
import org.lethe.text.Preference;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.data.PreferenceFile;
import org.lethe.text.data.SampleFile;
import org.lethe.text.model.CheckpointFolder;

/**
 * Aligns a language model by unlearning unwanted answers, those that help most first (U2A), and writes it to another folder.
 *
 * <p>Every fourth preference pair is held out and never trained on; half of these choose the best model on the way. The model computes in float32, and
 * training needs about 24 bytes a parameter.
 *
 * @param model folder of the model
 * @param negatives file of unwanted answers that may be unlearned, .jsonl or .json: {"prompt": …, "answer": …}
 * @param preferences file of preference pairs: {"prompt": …, "chosen": …, "rejected": …}
 * @param retain file of wanted answers, by which the cost is measured
 * @param method u2a, unlearn-negatives, random-negatives or dpo with its settings, as in a study file: "{u2a: {rounds: 2}}"
 * @param format how a prompt is written: question, plain, llama2, llama3, chatml, zephyr, human-assistant, or auto for the model's own chat
 *     template
 * @param to folder for the result, new or empty
 */
@Named("text align")
public record AlignCheckpoint(
        @Required Path model,
        @Required Path negatives,
        @Required Path preferences,
        @Required Path retain,
        Aligning method,
        String format,
        @Required Path to)
        implements Tool<AlignCheckpoint.Result> {
    /** U2A with its own settings, questions; the files are still to be named. */
    public AlignCheckpoint() {
        this(Path.of(""), Path.of(""), Path.of(""), Path.of(""), new U2a(), "question", Path.of(""));
    }

    /** The methods that need no reward. */
    @Override
    public List<Aligning> entries() {
        return List.of(new U2a(), new UnlearnNegatives(), new RandomNegatives(), new Dpo());
    }

    /**
     * How it went.
     *
     * @param method method with the settings that are not as usual
     * @param negatives number of unwanted answers
     * @param pairs number of pairs that were learnt from
     * @param heldOut number of pairs that chose the result
     * @param ending why it ended
     * @param chosen number of the chosen point of the course; 0 is the model as it was
     * @param lossBefore objective on held-out pairs before; log 2 = 0.6931 for the DPO loss
     * @param loss the same of the result
     * @param utilityBefore cross-entropy of wanted answers before
     * @param utility the same of the result
     * @param written folder of the result
     */
    public record Result(
            String method,
            int negatives,
            int pairs,
            int heldOut,
            String ending,
            int chosen,
            double lossBefore,
            double loss,
            double utilityBefore,
            double utility,
            Path written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%s, %d unwanted answers, %d pairs and %d held out%n%n",
                    method,
                    negatives,
                    pairs,
                    heldOut);
            out.printf(Locale.ROOT, "%-32s %10s %10s%n", "", "before", "after");
            out.printf(Locale.ROOT, "%-32s %10.4f %10.4f%n", "objective on held-out pairs", lossBefore, loss);
            out.printf(Locale.ROOT, "%-32s %10.4f %10.4f%n", "cross-entropy of wanted answers", utilityBefore, utility);
            out.printf("%nended: %s%n", ending);
            if (chosen == 0) {
                out.println("No model on the way was better on held-out pairs at the allowed cost: the result is the"
                        + " model as it was.");
            }
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
        LanguageModel before = folder.model(PromptFormat.named(format, model));
        List<Sample> samples = new ArrayList<>(new SampleFile().read(retain));
        List<Sample> unwanted = new SampleFile()
                .read(negatives).stream().map(s -> s.unwanted(true)).toList();
        samples.addAll(unwanted);
        List<Preference> all = new PreferenceFile().read(preferences);
        Check.require(all.size() >= 2, "pairs in " + preferences, all.size(), "at least 2, as some are held out");
        Keyed key = env.random("held-out pairs");
        List<Preference> pairs = new ArrayList<>();
        List<Preference> heldOut = new ArrayList<>();
        int[] order = AlignmentRun.order(all.size(), key);
        for (int n = 0; n < order.length; n++) {
            (n % 4 == 0 ? heldOut : pairs).add(all.get(order[n]));
        }
        Corpus data = new Corpus(
                String.valueOf(negatives.getFileName()),
                before.tokenizer(),
                before.format(),
                samples,
                List.of(),
                pairs,
                heldOut,
                heldOut.stream().map(Preference::prompt).toList(),
                Optional.empty(),
                List.of());
        Aligning.Aligned aligned =
                method.aligned(before, new Align(List.of(), 100, pairs.size(), env.seed()), data, env);
        folder.save(to, aligned.model(), folder.type());
        AlignmentCourse.Point first = aligned.course().points().getFirst();
        AlignmentCourse.Point result = aligned.course().result();
        return new Result(
                Words.brief(method, new U2a()),
                unwanted.size(),
                pairs.size(),
                new Align().choosing(heldOut).size(),
                aligned.course().ending(),
                aligned.course().chosen(),
                first.heldOut(),
                result.heldOut(),
                first.utility(),
                result.utility(),
                to);
    }
}
