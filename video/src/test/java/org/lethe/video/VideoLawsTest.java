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
    static final String QUICK = "motion-transformer {width: 32, blocks: 1, heads: 2, steps: 2, batch: 2}";

    static MotionClips clips() {
        return new PlantedClips(12, 8, 16, 6, Texture.Kind.DRAWN, 0, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected Subject<MotionClips, VideoModel> subject() {
        return new Video();
    }

    @Override
    protected MotionClips data() {
        return clips();
    }

    @Override
    protected List<Learner<MotionClips, VideoModel>> models() {
        return only(subject().models(), QUICK, "warp");
    }
}
