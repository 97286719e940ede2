package org.lethe.video;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Audit;
import org.lethe.DataSource;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.model.MotionEstimator;
import org.lethe.video.model.Tada;
import org.lethe.video.steer.ScoreMotion;
import org.lethe.video.steer.TrainEstimator;

/** The subject of video models: its catalogue of data, models, requests, methods, audits and tools. */
public final class Video implements Subject<MotionClips, VideoModel> {
    @Override
    public String name() {
        return "video";
    }

    @Override
    public List<DataSource<MotionClips>> data() {
        return List.of(new PlantedClips());
    }

    @Override
    public List<Learner<MotionClips, VideoModel>> models() {
        return List.of(new Tada());
    }

    @Override
    public List<Request> requests() {
        return List.of();
    }

    @Override
    public List<Method<MotionClips, VideoModel>> methods() {
        return List.of();
    }

    @Override
    public List<Audit<MotionClips, VideoModel>> audits() {
        return List.of();
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(new ScoreMotion(), new TrainEstimator());
    }

    @Override
    public void save(VideoModel model, Map<String, String> provenance, Path file) throws IOException {
        model.save(file, provenance);
    }

    @Override
    public VideoModel load(Path file) throws IOException {
        return MotionEstimator.load(file);
    }
}
