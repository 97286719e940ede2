package org.lethe.video.annotate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.lethe.LetheException;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.annotate.Answers.Agreed;
import org.lethe.video.annotate.Answers.Question;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.Tada;

/**
 * Clips and what people said of them, as an estimator learns from.
 *
 * @param windows of each clip, with intensities measured by points that are followed
 * @param pairs on which people agree; numbers are those of {@code windows}
 */
public record AnsweredClips(List<List<Labelled>> windows, List<Tada.Answered> pairs) {
    private static final int SIDE = 32;
    private static final int MEASURED = 64;
    private static final int FRAMES = 8;
    private static final double FPS = 8;

    /** Reads a file of answers and its clips. */
    public static AnsweredClips read(Path file) throws IOException {
        List<Agreed> agreed = Answers.read(file).agreed();
        if (agreed.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": there is no pair on which two thirds of its voters agree, expected at least one");
        }
        Map<String, Integer> numbers = new LinkedHashMap<>();
        Map<List<Integer>, OptionalInt[]> orders = new LinkedHashMap<>();
        for (Agreed pair : agreed) {
            int one = number(numbers, pair.one());
            int other = number(numbers, pair.other());
            boolean turned = one > other;
            OptionalInt[] both = orders.computeIfAbsent(turned ? List.of(other, one) : List.of(one, other), _ ->
                    new OptionalInt[] {OptionalInt.empty(), OptionalInt.empty()});
            both[pair.question() == Question.OBJECT ? 0 : 1] = OptionalInt.of(turned ? -pair.order() : pair.order());
        }
        Path base = Optional.ofNullable(file.toAbsolutePath().getParent()).orElseThrow();
        List<List<Labelled>> windows = new ArrayList<>();
        for (String name : numbers.keySet()) {
            windows.add(windows(base.resolve(name).normalize()));
        }
        List<Tada.Answered> pairs = orders.entrySet().stream()
                .map(e -> new Tada.Answered(e.getKey().get(0), e.getKey().get(1), e.getValue()[0], e.getValue()[1]))
                .toList();
        return new AnsweredClips(windows, pairs);
    }

    private static int number(Map<String, Integer> numbers, String name) {
        return numbers.computeIfAbsent(name, _ -> numbers.size());
    }

    private static List<Labelled> windows(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new LetheException(
                    LetheException.Code.DATA, path + " is not there, expected the clips where they were annotated");
        }
        Clip clip = AnnotationServer.shown(path, MEASURED, FPS);
        if (clip.frames() < FRAMES || Math.min(clip.width(), clip.height()) < SIDE) {
            throw BrokenClip.whole(
                    path,
                    "has " + clip.frames() + " frames of " + clip.width() + " x " + clip.height()
                            + " at about 8 a second, expected at least 8 of 32 x 32");
        }
        List<Labelled> windows = new ArrayList<>();
        for (int from = 0; from + FRAMES <= clip.frames(); from += FRAMES) {
            Clip part = clip.part(from, FRAMES);
            Measure.Score tracked = Measure.TRACKED_POINTS.of(part);
            windows.add(new Labelled(part.square(SIDE), tracked.object(), tracked.camera()));
        }
        return windows;
    }
}
