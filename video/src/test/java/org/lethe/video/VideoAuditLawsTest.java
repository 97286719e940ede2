package org.lethe.video;

import java.util.List;
import org.lethe.Audit;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;

/** On clips that are made by a known rule, where nothing has to be trained. */
class VideoAuditLawsTest extends AuditLaws<MotionClips, VideoModel> {
    @Override
    protected Subject<MotionClips, VideoModel> subject() {
        return new Video();
    }

    @Override
    protected MotionClips data() {
        return VideoLawsTest.clips();
    }

    @Override
    protected List<Learner<MotionClips, VideoModel>> models() {
        return only(subject().models(), "warp");
    }

    @Override
    protected List<Request> requests() {
        return subject().requests();
    }

    @Override
    protected List<Audit<MotionClips, VideoModel>> audits() {
        return quick(
                subject().audits(),
                "motion-control {images: 4}",
                "first-frame {clips: 4}",
                "video-distance {clips: 32}");
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }
}
