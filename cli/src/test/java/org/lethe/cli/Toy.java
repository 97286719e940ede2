package org.lethe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Audit;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.Tool;

/** A second, tiny subject: its data and its models are words. */
public final class Toy implements Subject<String, String> {
    @Override
    public String name() {
        return "toy";
    }

    /** One word, by the name of a data set of recommenders. */
    @Named("planted")
    public record Word(String word) implements DataSource<String> {
        /** The word "toy". */
        public Word() {
            this("toy");
        }

        @Override
        public String load(DataFolders folders) {
            return word;
        }

        @Override
        public List<Path> files(DataFolders folders) {
            return List.of();
        }
    }

    /** Repeats the data. */
    @Named("parrot")
    public record Parrot(int times) implements Learner<String, String> {
        /** Once. */
        public Parrot() {
            this(1);
        }

        @Override
        public String train(String data, Env env) {
            return data.repeat(times);
        }

        @Override
        public Estimate estimate(String data) {
            return new Estimate(0, 0);
        }
    }

    /** Says nothing any more. */
    @Named("retrain")
    public record Silence() implements Method<String, String> {
        @Override
        public String fulfil(String model, Request request, Learner<String, String> learner, String data, Env env) {
            return "";
        }

        @Override
        public Exactness exactness() {
            return Exactness.NONE;
        }
    }

    /** How loudly to shout. */
    public enum Volume {
        LOW,
        VERY_HIGH
    }

    /**
     * Settings inside settings.
     *
     * @param first the first
     * @param second the second
     */
    public record Pair(int first, int second) {
        /** One and two. */
        public Pair() {
            this(1, 2);
        }
    }

    /**
     * Shouts words.
     *
     * @param words the words
     * @param times how often
     */
    public record Text(@Tool.Argument List<Path> words, int times) {
        /** Nothing, once. */
        public Text() {
            this(List.of(), 1);
        }

        /** Checked. */
        public Text {
            Check.require(times >= 1, "times", times, "at least 1");
        }
    }

    /**
     * Shouts words, 100 % of them.
     *
     * @param text what is shouted
     * @param volume how loudly
     * @param learner who shouts
     * @param minGap between words
     * @param echoes of a shout
     * @param backwards whether words are turned round
     * @param pair two numbers
     * @param file where to
     */
    @Named("toy shout")
    public record Shout(
            @Inline Text text,
            @Required Volume volume,
            Learner<String, String> learner,
            double minGap,
            List<Integer> echoes,
            boolean backwards,
            Pair pair,
            Optional<Path> file)
            implements Tool<Shout.Said> {
        /** Nothing to shout yet. */
        public Shout() {
            this(new Text(), Volume.LOW, new Parrot(), 0.5, List.of(1, 2), false, new Pair(), Optional.empty());
        }

        /** Checked. */
        public Shout {
            Check.require(minGap >= 0, "minGap", minGap, "at least 0");
        }

        @Override
        public List<?> entries() {
            return List.of(new Parrot());
        }

        /** The words, and how they are said. */
        public record Said(@Inline Shout shout, long seed, int workers) implements Tool.Result {
            @Override
            public void print(PrintWriter out) {
                out.println(shout.text.words + " " + shout.volume);
            }
        }

        @Override
        public Said run(Env env) {
            if (pair.first == 13) {
                throw new IllegalStateException("thirteen");
            }
            return new Said(this, env.seed(), env.workers().count());
        }
    }

    @Override
    public List<DataSource<String>> data() {
        return List.of(new Word());
    }

    @Override
    public List<Learner<String, String>> models() {
        return List.of(new Parrot());
    }

    @Override
    public List<Request> requests() {
        return List.of();
    }

    @Override
    public List<Method<String, String>> methods() {
        return List.of(new Silence());
    }

    @Override
    public List<Audit<String, String>> audits() {
        return List.of();
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(new Shout());
    }

    @Override
    public Method<String, String> reference(Request request) {
        return new Silence();
    }

    @Override
    public void save(String model, Map<String, String> provenance, Path file) throws IOException {
        Files.writeString(file, model);
    }

    @Override
    public String load(Path file) throws IOException {
        return Files.readString(file);
    }
}
