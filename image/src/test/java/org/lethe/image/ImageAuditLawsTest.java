package org.lethe.image;

import java.util.List;
import org.lethe.Audit;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;

/** On the exact model of normal data, where nothing has to be trained first; attacks that need layers are tried by tests of their own. */
class ImageAuditLawsTest extends AuditLaws<Gallery, ImageModel> {
    @Override
    protected Subject<Gallery, ImageModel> subject() {
        return new Image();
    }

    @Override
    protected Gallery data() {
        return ImageLawsTest.pictures();
    }

    @Override
    protected List<Learner<Gallery, ImageModel>> models() {
        return only(subject().models(), "gaussian");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "protect-works {works: 4}", "erase-concept", "mark-pictures {pictures: 12}");
    }

    @Override
    protected List<Audit<Gallery, ImageModel>> audits() {
        return quick(
                subject().audits(),
                "impress {steps: 3, imitation: {steps: 20, pictures: 16, sampling: 8}}",
                "diffpure {space: latent, imitation: {steps: 20, pictures: 16, sampling: 8}}",
                "jpeg {imitation: {steps: 20, pictures: 16, sampling: 8}}",
                "quantisation {imitation: {steps: 20, pictures: 16, sampling: 8}}",
                "total-variation {imitation: {steps: 20, pictures: 16, sampling: 8}}",
                "lora {steps: 20, protocol: {works: 4, prompts: 12, sampling: 8}}",
                "dreambooth {classPictures: 2, tuning: {steps: 20}, protocol: {works: 4, prompts: 12, sampling: 8}}",
                "textual-inversion {steps: 20, protocol: {works: 4, prompts: 12, sampling: 8}}",
                "concept-inversion {steps: 20, protocol: {works: 4, prompts: 12, sampling: 8}}",
                "ring-a-bell {texts: 3, generations: 5, protocol: {works: 4, prompts: 12, sampling: 8}}",
                "vae-regeneration {autoencoder: public}",
                "diffusion-regeneration {sampler: {steps: 10}}");
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }
}
