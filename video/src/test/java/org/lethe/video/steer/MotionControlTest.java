package org.lethe.video.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Picture;
import org.lethe.Verdict;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.model.Warp;

/** On clips that are moved by a known rule: a model that obeys must pass, and each way not to obey must be told from it. */
class MotionControlTest {
    private static final Env ENV = Env.seeded(2);
    private static final MotionClips CLIPS =
            new PlantedClips(150, 40, 32, 8, Texture.Kind.DRAWN, 0, 1).load(new DataFolders(List.of()));
    private static final VideoModel BASE = new Warp().train(CLIPS, ENV);
    private static final MotionControl AUDIT =
            new MotionControl(16, new MotionControl().measure(), 0.6, 0.8, 0.7, 0.3, Optional.empty());

    private static final Map<String, Finding> OBEYED = found(steered(Scores.ORACLE, VideoModel.Injection.DECOUPLED));

    private static Case<MotionClips, VideoModel> steered(Scores scores, VideoModel.Injection injection) {
        MotionStone method =
                Components.with(Components.with(new MotionStone(), "scores", scores), "injection", injection);
        VideoModel after = method.fulfil(BASE, new Steer(), new Warp(), CLIPS, ENV);
        return new Case<>(CLIPS, new Steer(), BASE, after, BASE);
    }

    private static Map<String, Finding> found(Case<MotionClips, VideoModel> c) {
        return AUDIT.examine(c, ENV).stream().collect(Collectors.toMap(Finding::name, Function.identity()));
    }

    private static Finding at(Map<String, Finding> found, String name) {
        return Optional.ofNullable(found.get(name)).orElseThrow();
    }

    private static double value(Map<String, Finding> found, String name) {
        return at(found, name).value();
    }

    @Test
    void aModelThatObeysPasses() {
        Case<MotionClips, VideoModel> obeys = steered(Scores.ORACLE, VideoModel.Injection.DECOUPLED);
        Map<String, Finding> found = OBEYED;
        for (String name : List.of("control-object", "control-camera", "cross-object", "cross-camera")) {
            assertInstanceOf(
                    Verdict.Pass.class,
                    at(found, name).verdict().orElseThrow(),
                    at(found, name).toString());
        }
        assertTrue(value(found, "control-camera") > 0.95, found.toString());
        assertTrue(value(found, "motion-ratio") < 0.3, found.toString());
        List<Picture> pictures = AUDIT.pictures(obeys, ENV);
        assertEquals(4, ((Picture.Strip) pictures.getFirst()).frames().size());
    }

    @Test
    void aModelThatIgnoresTheScoresFails() {
        Map<String, Finding> found = found(new Case<>(CLIPS, new Steer(), BASE, BASE, BASE));
        for (String name : List.of("control-object", "control-camera", "cross-object", "cross-camera")) {
            assertInstanceOf(
                    Verdict.Fail.class,
                    at(found, name).verdict().orElseThrow(),
                    at(found, name).toString());
        }
        assertEquals(1, value(found, "motion-ratio"), 1e-9);
        Map<String, Finding> fixed = found(steered(Scores.FIXED, VideoModel.Injection.DECOUPLED));
        assertInstanceOf(
                Verdict.Fail.class, at(fixed, "control-camera").verdict().orElseThrow());
    }

    @Test
    void shuffledScoresSteerNothing() {
        Map<String, Finding> found = found(steered(Scores.SHUFFLED, VideoModel.Injection.DECOUPLED));
        assertTrue(
                at(found, "control-object").verdict().orElseThrow() instanceof Verdict.Fail
                        || Math.abs(value(found, "slope-camera")) < 0.1,
                found.toString());
    }

    @Test
    void oneNumberForBothMotionsCannotTellThemApart() {
        Map<String, Finding> mixed = found(steered(Scores.ORACLE, VideoModel.Injection.MIXED));
        Map<String, Finding> apart = OBEYED;
        assertTrue(
                value(mixed, "cross-object") > 2 * value(apart, "cross-object"),
                at(mixed, "cross-object") + " against " + at(apart, "cross-object"));
        assertInstanceOf(Verdict.Fail.class, at(mixed, "cross-object").verdict().orElseThrow());
    }

    @Test
    void aSecondExaminationOfDoingNothingIsRemembered() {
        Case<MotionClips, VideoModel> idle = new Case<>(CLIPS, new Steer(), BASE, BASE, BASE);
        assertEquals(AUDIT.examine(idle, ENV), AUDIT.examine(idle, ENV));
    }
}
