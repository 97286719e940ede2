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
import org.lethe.video.annotate.Annotate;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.model.MotionTransformer;
import org.lethe.video.model.VideoModels;
import org.lethe.video.model.Warp;
import org.lethe.video.steer.Animate;
import org.lethe.video.steer.CompareMeasures;
import org.lethe.video.steer.FirstFrame;
import org.lethe.video.steer.MotionControl;
import org.lethe.video.steer.MotionStone;
import org.lethe.video.steer.ScoreMotion;
import org.lethe.video.steer.SelectClips;
import org.lethe.video.steer.Steer;
import org.lethe.video.steer.TrainEstimator;
import org.lethe.video.steer.TrainGenerator;
import org.lethe.video.steer.VideoDistance;

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
        return List.of(new MotionTransformer(), new Warp());
    }

    @Override
    public List<Request> requests() {
        return List.of(new Steer());
    }

    @Override
    public List<Method<MotionClips, VideoModel>> methods() {
        return List.of(new MotionStone());
    }

    @Override
    public List<Audit<MotionClips, VideoModel>> audits() {
        return List.of(new MotionControl(), new FirstFrame(), new VideoDistance());
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(
                new ScoreMotion(),
                new SelectClips(),
                new Annotate(),
                new TrainEstimator(),
                new CompareMeasures(),
                new TrainGenerator(),
                new Animate());
    }

    @Override
    public void save(VideoModel model, Map<String, String> provenance, Path file) throws IOException {
        model.save(file, provenance);
    }

    @Override
    public VideoModel load(Path file) throws IOException {
        return VideoModels.load(file);
    }
}
