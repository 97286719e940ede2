package org.lethe.image.protect;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.image.Mark;
import org.lethe.image.OpenModel;
import org.lethe.image.PictureFiles;
import org.lethe.torch.Devices;

/**
 * Looks for a mark in pictures with its key, and says how sure it is.
 *
 * <p>A picture counts as marked where p, the probability of so clear a mark without one, is at most the rate of false alarms. That rate
 * is exact for messages of bits, and for tree-ring in noise; for pictures that no model made it is near to it. Pictures of other sizes
 * are brought to that of the key. What cannot be read is named, and the other pictures go on. diagnosis has no p for one picture: its p
 * is for all pictures together, as those of one suspected model.
 *
 * @param pictures folder of PNG and JPEG files, or one file
 * @param key file of the key
 * @param model folder of Stable Diffusion, or a file saved by Lethe; needed for zodiac, tree-ring and gaussian-shading
 * @param falsePositiveRate share of unmarked pictures that may be called marked
 */
@Named("image detect")
public record DetectMark(@Argument Path pictures, @Required Path key, Optional<Path> model, double falsePositiveRate)
        implements Tool<DetectMark.Result> {
    public DetectMark {
        Check.require(
                falsePositiveRate > 0 && falsePositiveRate < 1,
                "falsePositiveRate",
                falsePositiveRate,
                "between 0 and 1");
    }

    /** One false alarm in a million; the files are still to be named. */
    public DetectMark() {
        this(Path.of(""), Path.of(""), Optional.empty(), 1e-6);
    }

    /**
     * One picture.
     *
     * @param picture name of its file
     * @param score larger means marked
     * @param pValue probability of such a score without a mark, where the method has a test
     * @param symbols share of the message that was read, where there is one
     * @param marked whether it counts as marked
     */
    public record Row(
            String picture, double score, Optional<Double> pValue, Optional<Double> symbols, boolean marked) {}

    /**
     * What was found.
     *
     * @param method name of the watermark
     * @param rows one for each picture
     * @param marked how many count as marked
     * @param left files that could not be looked at
     * @param pValueOfAll for diagnosis, the probability that so many pictures are called coated without the coating
     */
    public record Result(
            String method, List<Row> rows, int marked, List<PictureFiles.Left> left, Optional<Double> pValueOfAll)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            int name = Math.max(
                    7,
                    rows.stream()
                            .mapToInt(r -> Printable.text(r.picture).length())
                            .max()
                            .orElse(0));
            String line = "%-" + name + "s %10s %10s %10s  %s%n";
            out.printf(Locale.ROOT, "%s: %d of %d pictures are marked%n%n", method, marked, rows.size());
            out.printf(Locale.ROOT, line, "picture", "score", "p", "symbols", "");
            for (Row row : rows) {
                out.printf(
                        Locale.ROOT,
                        line,
                        Printable.text(row.picture),
                        String.format(Locale.ROOT, "%.4g", row.score),
                        row.pValue
                                .map(p -> String.format(Locale.ROOT, "%.2g", p))
                                .orElse("-"),
                        row.symbols
                                .map(s -> String.format(Locale.ROOT, "%.3f", s))
                                .orElse("-"),
                        row.marked ? "marked" : "");
            }
            pValueOfAll.ifPresent(p -> out.printf(
                    Locale.ROOT, "%np of all together, that their model did not learn from coated works: %.2g%n", p));
            PictureFiles.print(out, "not looked at", left);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        Mark mark = MarkFile.read(key);
        PictureFiles files = PictureFiles.of(pictures);
        Devices.ready(env.device());
        List<Row> rows = new ArrayList<>();
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("detect", files.count())) {
            Detector detector = detector(mark, env);
            files.each(progress, read -> rows.add(row(read, detector)));
        }
        files.requireSome(!rows.isEmpty(), "looked at");
        int marked = (int) rows.stream().filter(Row::marked).count();
        return new Result(
                mark.method(),
                List.copyOf(rows),
                marked,
                files.left(),
                mark.method().equals("diagnosis")
                        ? Optional.of(Diagnosis.pValue(mark, rows.size(), marked))
                        : Optional.empty());
    }

    private Row row(PictureFiles.Read read, Detector detector) {
        Detector.Detection found = detector.detect(List.of(read.bitmap())).getFirst();
        boolean marked =
                found.pValue().isPresent() ? found.pValue().getAsDouble() <= falsePositiveRate : found.score() > 0;
        return new Row(read.name(), found.score(), optional(found.pValue()), optional(found.bitAccuracy()), marked);
    }

    private Detector detector(Mark mark, Env env) throws IOException {
        try {
            Optional<Detector> own = Detectors.withoutModel(mark, env.device());
            return own.isPresent() ? own.get() : inNoise(mark, env);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, key + ": " + e.getMessage(), e);
        }
    }

    private Detector inNoise(Mark mark, Env env) throws IOException {
        Path needed = model.orElseThrow(() -> new LetheException(
                LetheException.Code.STUDY,
                "--model is missing: " + mark.method()
                        + " is looked for in the noise of a model; name the one that pictures were marked with"));
        return Detectors.of(mark, OpenModel.at(needed, env.device()).model());
    }

    private static Optional<Double> optional(OptionalDouble value) {
        return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
    }
}
