package org.lethe.video.annotate;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.video.data.Clips;

/**
 * Asks a person which of two clips moves more, in a page of the browser on this machine, and keeps the answers for {@code video train-estimator}.
 *
 * <p>Two questions a pair: of the objects, and of the camera. Every voter sees the same pairs, on sides and in an order by chance; a tenth of
 * them come again. Each click is on the disk before the next question; the same command goes on where it was stopped. The first four seconds of
 * a clip are shown.
 *
 * @param clips folder of clips
 * @param to file of the answers, .csv; several voters may share it, one after another
 * @param voter a name for the person, which stands in the file
 * @param pairs how many pairs are asked
 * @param port of the page; 0 for one that is free
 */
@Named("video annotate")
public record Annotate(@Argument Path clips, @Required Path to, String voter, int pairs, int port)
        implements Tool<Annotate.Result> {
    public Annotate {
        Check.require(!voter.isBlank() && voter.length() <= 100, "voter", voter, "1 to 100 characters");
        Check.require(pairs >= 1 && pairs <= 100_000, "pairs", pairs, "1 to 100,000");
        Check.require(port >= 0 && port <= 65_535, "port", port, "0 to 65,535");
    }

    /** A hundred pairs for one voter; folder and file are still to be named. */
    public Annotate() {
        this(Path.of(""), Path.of(""), "me", 100, 8090);
    }

    /**
     * How it went, over all voters of the file.
     *
     * @param voters people
     * @param clicks answers
     * @param agreed answers on which two thirds or more agree
     * @param objectAlpha Krippendorff's alpha of the question of objects, where two people saw a pair: 1 for full agreement, 0 for chance
     * @param cameraAlpha that of the camera
     * @param steadiness share of repeated questions that got the same answer again
     * @param written the file
     */
    public record Result(
            int voters,
            int clicks,
            int agreed,
            Optional<Double> objectAlpha,
            Optional<Double> cameraAlpha,
            Optional<Double> steadiness,
            Path written)
            implements Tool.Result {
        static Result of(Answers answers, Path file) {
            return new Result(
                    answers.voters(),
                    answers.lines().size(),
                    answers.agreed().size(),
                    optional(answers.alpha(Answers.Question.OBJECT)),
                    optional(answers.alpha(Answers.Question.CAMERA)),
                    optional(answers.steadiness()),
                    file);
        }

        private static Optional<Double> optional(OptionalDouble value) {
            return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
        }

        @Override
        public void print(PrintWriter out) {
            out.println(clicks + " answers of " + voters + (voters == 1 ? " person" : " people") + ", " + agreed
                    + " on which two thirds agree");
            print(out, "Krippendorff's alpha, objects", objectAlpha, "two people must see a pair");
            print(out, "Krippendorff's alpha, camera", cameraAlpha, "two people must see a pair");
            print(out, "same answer to a repeated question", steadiness, "none was repeated");
            out.println("written: " + written);
        }

        private static void print(PrintWriter out, String name, Optional<Double> value, String otherwise) {
            out.printf(
                    Locale.ROOT,
                    "%-36s %s%n",
                    name,
                    value.map(v -> String.format(Locale.ROOT, "%.3f", v)).orElse("- (" + otherwise + ")"));
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED);
    }

    @Override
    public Result run(Env env) throws IOException {
        List<Path> files = Clips.inFolder(clips);
        if (files.size() < 2) {
            throw new LetheException(
                    LetheException.Code.DATA, clips + " has " + files.size() + " clips, expected at least 2");
        }
        try (AnnotationServer server = new AnnotationServer(files, to, voter, pairs, port, env.random("annotate"));
                Progress.Step bar = env.progress().begin("pairs", server.total())) {
            bar.note("open " + server.address() + " in a browser; stop with Ctrl-C, every answer is kept");
            server.await();
            bar.advance(server.total());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Result.of(Answers.read(to), to);
    }
}
