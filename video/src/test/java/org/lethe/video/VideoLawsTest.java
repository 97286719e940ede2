package org.lethe.video;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;

class VideoLawsTest extends SubjectLaws<MotionClips, VideoModel> {
    /** Settings with which a test needs a moment. */
    static final String QUICK = "tada {widths: [8, 8], strides: [2, 2], steps: 2, batch: 4}";

    @Override
    protected Subject<MotionClips, VideoModel> subject() {
        return new Video();
    }

    @Override
    protected MotionClips data() {
        return new PlantedClips(8, 4, 16, 6, Texture.Kind.DRAWN, 0, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<MotionClips, VideoModel>> models() {
        return only(subject().models(), QUICK);
    }
}
