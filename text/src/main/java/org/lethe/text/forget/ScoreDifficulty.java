package org.lethe.text.forget;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.study.Storage;
import org.lethe.text.Encoded;
import org.lethe.text.PromptFormat;
import org.lethe.text.Reading;
import org.lethe.text.Sample;
import org.lethe.text.data.SampleFile;
import org.lethe.text.model.CheckpointFolder;
import org.lethe.text.model.Transformer;

/**
 * Scores how easily a language model would forget samples (MRD): a high score means fragile memory, easy to unlearn.
 *
 * @param samples file of samples, .jsonl or .json
 * @param model folder of the model
 * @param score how MRD is estimated, as in a study file: "{estimator: {antithetic: {draws: 20}}}"
 * @param format how a prompt is written: question, plain, llama2, llama3, chatml, zephyr, human-assistant, or auto for the model's own chat
 *     template
 * @param context longest sample in tokens, at most what the model can read; the end of longer answers is cut off
 * @param shown how many of the easiest and of the hardest samples are printed
 * @param to .csv file for all scores
 */
@Named("text difficulty")
public record ScoreDifficulty(
        @Argument Path samples,
        @Required Path model,
        Mrd score,
        String format,
        int context,
        int shown,
        Optional<Path> to)
        implements Tool<ScoreDifficulty.Result> {
    public ScoreDifficulty {
        Check.require(context >= 2, "context", context, "at least 2");
        Check.require(shown >= 1, "shown", shown, "at least 1");
    }

    /** Ten antithetic draws, questions, 512 tokens; the files are still to be named. */
    public ScoreDifficulty() {
        this(Path.of(""), Path.of(""), new Mrd(), "question", 512, 5, Optional.empty());
    }

    /**
     * One sample.
     *
     * @param sample its place in the file, from 1
     * @param rank 0 for the easiest to forget
     * @param mrd its score
     * @param normalised score divided by σ², which is comparable between runs
     * @param standardError of the score over draws
     * @param tokens tokens that count
     * @param skipped tokens left out because the model is certain of them
     * @param crossEntropy of its answer
     * @param prompt its prompt
     */
    public record Row(
            int sample,
            int rank,
            double mrd,
            double normalised,
            double standardError,
            int tokens,
            int skipped,
            double crossEntropy,
            String prompt) {}

    /**
     * The scores.
     *
     * @param sigma standard deviation of the perturbation
     * @param shown how many of either end are printed
     * @param rows one for each sample, in the order of the file
     */
    public record Result(double sigma, int shown, List<Row> rows) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%d samples, sigma %.3g; a high score is easy to forget%n%n", rows.size(), sigma);
            out.printf("%6s %6s %10s %10s %8s  %s%n", "rank", "sample", "mrd", "std error", "loss", "prompt");
            List<Row> ordered =
                    rows.stream().sorted(Comparator.comparingInt(Row::rank)).toList();
            int ends = Math.min(shown, (rows.size() + 1) / 2);
            ordered.subList(0, ends).forEach(row -> line(out, row));
            if (2 * ends < rows.size()) {
                out.printf("%6s%n", "…");
            }
            ordered.subList(Math.max(ends, rows.size() - ends), rows.size()).forEach(row -> line(out, row));
        }

        private static void line(PrintWriter out, Row row) {
            String prompt = row.prompt.length() > 60 ? row.prompt.substring(0, 59) + "…" : row.prompt;
            out.printf(
                    Locale.ROOT,
                    "%6d %6d %10.4g %10.2g %8.3f  %s%n",
                    row.rank,
                    row.sample,
                    row.mrd,
                    row.standardError,
                    row.crossEntropy,
                    prompt.replaceAll("\\s+", " "));
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        CheckpointFolder folder = CheckpointFolder.open(model);
        PromptFormat written = PromptFormat.named(format, model);
        int longest = Math.min(context, folder.architecture().positions());
        List<Sample> read = new SampleFile().read(samples);
        List<Encoded> encoded = UnlearnCheckpoint.encoded(folder, written, samples, longest);
        List<Row> rows = new ArrayList<>();
        Mrd.Scores scores;
        try (var _ = new PointerScope()) {
            Transformer open = folder.transformer(env.device());
            scores = score.of(open, encoded, env.random("difficulty"));
            double[] entropies = Reading.of(open, encoded, env).crossEntropies();
            int[] ranks = scores.difficultyRank();
            for (int n = 0; n < encoded.size(); n++) {
                rows.add(new Row(
                        n + 1,
                        ranks[n],
                        scores.score()[n],
                        scores.normalised()[n],
                        scores.standardError()[n],
                        scores.counted()[n],
                        scores.skipped()[n],
                        entropies[n],
                        read.get(n).prompt()));
            }
        }
        if (to.isPresent()) {
            Storage.write(to.get(), csv(rows).getBytes(StandardCharsets.UTF_8));
        }
        return new Result(scores.sigma(), shown, rows);
    }

    private static String csv(List<Row> rows) {
        StringBuilder text =
                new StringBuilder("sample,rank,mrd,normalised,standardError,tokens,skipped,crossEntropy\n");
        rows.forEach(r -> text.append(String.format(
                Locale.ROOT,
                "%d,%d,%s,%s,%s,%d,%d,%s%n",
                r.sample,
                r.rank,
                r.mrd,
                r.normalised,
                r.standardError,
                r.tokens,
                r.skipped,
                r.crossEntropy)));
        return text.toString();
    }
}
