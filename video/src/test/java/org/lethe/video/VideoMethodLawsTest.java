package org.lethe.video;

import java.util.List;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;

class VideoMethodLawsTest extends MethodLaws<MotionClips, VideoModel> {
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
        return only(subject().models(), VideoLawsTest.QUICK, "warp");
    }

    @Override
    protected List<Request> requests() {
        return subject().requests();
    }

    @Override
    protected List<Method<MotionClips, VideoModel>> methods() {
        return quick(subject().methods(), "motion-stone {steps: 2, batch: 2}");
    }
}
