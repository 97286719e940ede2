package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.study.RunFolder;
import org.lethe.study.Words;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.annotate.AnsweredClips;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;
import org.lethe.video.model.Tada;

/**
 * Trains an estimator of motion on clips whose motion is known, writes it to a file, and says how well it orders clips that it never saw.
 *
 * <p>With answers of people it learns from those instead: a pair counts where two thirds of its voters agree. The regression then comes from
 * points that are followed in the middle squares of the first four seconds, which are also what is learned from.
 *
 * @param clips with known motion
 * @param model with its settings
 * @param answers file that {@code video annotate} wrote, in place of clips to learn from; the scores of clips held out are still those of
 *     {@code clips}
 * @param data folder that is searched for textures first
 * @param to file of the estimator, .safetensors
 */
@Named("video train-estimator")
public record TrainEstimator(
        PlantedClips clips,
        Tada model,
        Optional<Path> answers,
        Optional<Path> data,
        @Required Path to) implements Tool<TrainEstimator.Result> {
    /** The usual clips and model; the file is still to be named. */
    public TrainEstimator() {
        this(new PlantedClips(), new Tada(), Optional.empty(), Optional.empty(), Path.of(""));
    }

    @Override
    public List<?> entries() {
        return List.of(new PlantedClips(), new Tada());
    }

    /**
     * How it went.
     *
     * @param parameters weights of the estimator
     * @param trained clips that it learnt from
     * @param held clips held out
     * @param scores how well its scores order the clips held out
     * @param sha256 digest of the file
     * @param written the file
     */
    public record Result(
            long parameters, int trained, int held, @Inline MotionOrder scores, String sha256, Path written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%,d parameters, %,d clips to learn from, %,d held out%n%n",
                    parameters,
                    trained,
                    held);
            scores.print(out);
            out.println();
            out.println(written + ", SHA-256 " + sha256);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.WORKERS);
    }

    @Override
    public Result run(Env env) throws IOException {
        MotionClips loaded = clips.load(DataFolders.usual(data));
        Optional<AnsweredClips> answered =
                answers.isPresent() ? Optional.of(AnsweredClips.read(answers.get())) : Optional.empty();
        MotionEstimator estimator = answered.isPresent()
                ? model.train(answered.get().windows(), answered.get().pairs(), env)
                : model.train(loaded, env);
        estimator.save(
                to,
                Map.of(
                        "clips",
                        answers.isPresent() ? "answers of people" : Words.full(clips),
                        "model",
                        Words.full(model),
                        "seed",
                        Long.toString(env.seed())));
        List<Measure.Score> scores =
                estimator.scores(loaded.test().stream().map(Labelled::clip).toList());
        return new Result(
                estimator.parameters(),
                answered.map(a -> a.windows().size()).orElse(loaded.train().size()),
                loaded.test().size(),
                MotionOrder.of(scores, loaded.test(), env.random("pairs")),
                RunFolder.sha256(to),
                to);
    }
}
