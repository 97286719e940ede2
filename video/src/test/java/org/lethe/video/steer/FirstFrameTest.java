package org.lethe.video.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.video.Clip;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.Measure;

/** Models that do one known thing: stand still, give the real clip back, leave the first frame, stop half-way. */
class FirstFrameTest {
    private static final Env ENV = Env.seeded(3);
    private static final MotionClips CLIPS =
            new PlantedClips(8, 48, 32, 8, Texture.Kind.DRAWN, 0, 1).load(new DataFolders(List.of()));

    /** Makes a clip of the held-out clip that begins with the same frame, and of the scores asked for. */
    private static final class Known extends VideoModel {
        private final BiFunction<Clip, Measure.Score, Clip> made;

        Known(BiFunction<Clip, Measure.Score, Clip> made) {
            this.made = made;
        }

        @Override
        public int size() {
            return 32;
        }

        @Override
        public List<Clip> animate(List<Shot> shots, Env env) {
            return shots.stream()
                    .map(shot -> made.apply(
                            CLIPS.test().stream()
                                    .map(one -> one.clip())
                                    .filter(clip -> Arrays.equals(
                                            clip.frame(0).bytes(), shot.first().bytes()))
                                    .findFirst()
                                    .orElseThrow(),
                            shot.asked()))
                    .toList();
        }

        @Override
        public VideoModel taught(Lesson lesson, List<Measure.Score> scores, MotionClips data, Env env) {
            return this;
        }

        @Override
        public void save(Path file, Map<String, String> provenance) {
            throw new UnsupportedOperationException("a model for tests");
        }
    }

    private static Map<String, Finding> found(
            Audit<MotionClips, VideoModel> audit, BiFunction<Clip, Measure.Score, Clip> made) {
        VideoModel model = new Known(made);
        return audit.examine(new Case<>(CLIPS, new Steer(), model, model, model), ENV).stream()
                .collect(Collectors.toMap(Finding::name, Function.identity()));
    }

    private static Finding at(Map<String, Finding> found, String name) {
        return Optional.ofNullable(found.get(name)).orElseThrow();
    }

    private static void assertVerdict(Class<? extends Verdict> verdict, Map<String, Finding> found, String name) {
        assertInstanceOf(
                verdict,
                at(found, name).verdict().orElseThrow(),
                at(found, name).toString());
    }

    private static Clip frames(Clip clip, int... order) {
        int each = 3 * clip.height() * clip.width();
        byte[] rgb = new byte[order.length * each];
        for (int n = 0; n < order.length; n++) {
            System.arraycopy(clip.rgb(), order[n] * each, rgb, n * each, each);
        }
        return new Clip(order.length, clip.height(), clip.width(), clip.fps(), rgb);
    }

    @Test
    void aModelThatIsRealAndStandsStillWhenAskedToPasses() {
        Map<String, Finding> found = found(
                new FirstFrame(12, 25, 0.15), (clip, asked) -> asked.camera() == 1 ? VideoDistance.frozen(clip) : clip);
        for (String name : List.of("first-frame-psnr", "drift", "freeze")) {
            assertVerdict(Verdict.Pass.class, found, name);
        }
        assertEquals(0, at(found, "drift").value(), 1e-9);
        for (String name : List.of("background-consistency", "motion-smoothness", "dynamic-degree-fb", "freeze")) {
            assertEquals(at(found, name + "-real").value(), at(found, name).value(), name);
        }
        assertTrue(at(found, "first-frame-ssim").value() > 0.999);
    }

    @Test
    void aModelThatStopsHalfWayAndOneThatNeverStandsStillFail() {
        Map<String, Finding> found =
                found(new FirstFrame(12, 25, 0.15), (clip, _) -> frames(clip, 0, 1, 2, 3, 3, 3, 3, 3));
        assertVerdict(Verdict.Fail.class, found, "freeze");
        assertVerdict(Verdict.Fail.class, found, "drift");
        Map<String, Finding> other =
                found(new FirstFrame(12, 25, 0.15), (clip, _) -> frames(clip, 7, 6, 5, 4, 3, 2, 1, 0));
        assertVerdict(Verdict.Fail.class, other, "first-frame-psnr");
    }

    @Test
    void framesOutOfOrderAreLessSmooth() {
        Clip clip = CLIPS.test().getFirst().clip();
        assertTrue(Smoothness.motion(VideoDistance.frozen(clip)) > Smoothness.motion(clip));
        assertTrue(Smoothness.motion(clip) > Smoothness.motion(frames(clip, 0, 5, 2, 7, 4, 1, 6, 3)));
        assertTrue(!Smoothness.dynamic(VideoDistance.frozen(clip)));
        assertEquals(1, Smoothness.motion(VideoDistance.frozen(clip)), 1e-9);
    }

    @Test
    void realClipsAreNoDistanceFromThemselvesAndStillOnesAreFar() {
        VideoDistance audit = new VideoDistance(32);
        Map<String, Finding> real = found(audit, (clip, _) -> clip);
        assertEquals(0, at(real, "fvd-est").value(), 1e-6);
        assertVerdict(Verdict.Pass.class, real, "fvd-est");
        Map<String, Finding> still = found(audit, (clip, _) -> VideoDistance.frozen(clip));
        assertEquals(at(still, "fvd-est-frozen").value(), at(still, "fvd-est").value(), 1e-9);
        assertVerdict(Verdict.Undecided.class, still, "fvd-est");
        Map<String, Finding> noise = found(
                audit,
                (clip, _) -> frames(
                        clip, IntStream.range(0, 8).map(n -> 7 * n % 8 / 4 * 7).toArray()));
        assertTrue(at(noise, "fvd-est").value() > at(real, "fvd-est").value());
    }
}
