package org.lethe.image;

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
import org.lethe.image.attack.AttackPictures;
import org.lethe.image.attack.Blur;
import org.lethe.image.attack.Brightness;
import org.lethe.image.attack.ConceptInversion;
import org.lethe.image.attack.Crop;
import org.lethe.image.attack.DiffPure;
import org.lethe.image.attack.DiffusionRegeneration;
import org.lethe.image.attack.DreamBoothRecovery;
import org.lethe.image.attack.Impress;
import org.lethe.image.attack.Jpeg;
import org.lethe.image.attack.LoraRecovery;
import org.lethe.image.attack.Quantisation;
import org.lethe.image.attack.RingABell;
import org.lethe.image.attack.Rotation;
import org.lethe.image.attack.TextualInversionRecovery;
import org.lethe.image.attack.TotalVariation;
import org.lethe.image.attack.VaeRegeneration;
import org.lethe.image.data.EmojiStyles;
import org.lethe.image.data.PictureFolder;
import org.lethe.image.data.PlantedPictures;
import org.lethe.image.model.Gaussian;
import org.lethe.image.model.Generate;
import org.lethe.image.model.SmallDiffusion;
import org.lethe.image.model.TrainModel;
import org.lethe.image.protect.AblatingConcepts;
import org.lethe.image.protect.AdvDm;
import org.lethe.image.protect.AntiDreamBooth;
import org.lethe.image.protect.DetectMark;
import org.lethe.image.protect.Diagnosis;
import org.lethe.image.protect.DiffusionShield;
import org.lethe.image.protect.EraseCheckpoint;
import org.lethe.image.protect.EraseConcept;
import org.lethe.image.protect.Esd;
import org.lethe.image.protect.ForgetMeNot;
import org.lethe.image.protect.GaussianShading;
import org.lethe.image.protect.Glaze;
import org.lethe.image.protect.MarkFolder;
import org.lethe.image.protect.MarkPictures;
import org.lethe.image.protect.Mist;
import org.lethe.image.protect.NegativePrompt;
import org.lethe.image.protect.PhotoGuard;
import org.lethe.image.protect.ProtectPictures;
import org.lethe.image.protect.ProtectWorks;
import org.lethe.image.protect.RandomSigns;
import org.lethe.image.protect.SafeLatent;
import org.lethe.image.protect.StableSignature;
import org.lethe.image.protect.TreeRing;
import org.lethe.image.protect.Uce;
import org.lethe.image.protect.ZoDiac;

/** The subject of text-to-image models: its catalogue of data, models, requests, methods, audits and tools. */
public final class Image implements Subject<Gallery, ImageModel> {
    @Override
    public String name() {
        return "image";
    }

    @Override
    public List<DataSource<Gallery>> data() {
        return List.of(new PlantedPictures(), new EmojiStyles(), new PictureFolder());
    }

    @Override
    public List<Learner<Gallery, ImageModel>> models() {
        return List.of(new Gaussian(), new SmallDiffusion());
    }

    @Override
    public List<Request> requests() {
        return List.of(new ProtectWorks(), new EraseConcept(), new MarkPictures());
    }

    @Override
    public List<Method<Gallery, ImageModel>> methods() {
        return List.of(
                new AdvDm(),
                new Mist(),
                new Glaze(),
                new PhotoGuard(),
                new AntiDreamBooth(),
                new RandomSigns(),
                new ForgetMeNot(),
                new Esd(),
                new AblatingConcepts(),
                new Uce(),
                new NegativePrompt(),
                new SafeLatent(),
                new DiffusionShield(),
                new Diagnosis(),
                new StableSignature(),
                new TreeRing(),
                new ZoDiac(),
                new GaussianShading());
    }

    @Override
    public List<Audit<Gallery, ImageModel>> audits() {
        return List.of(
                new Jpeg(),
                new Quantisation(),
                new TotalVariation(),
                new Impress(),
                new DiffPure(),
                new LoraRecovery(),
                new DreamBoothRecovery(),
                new TextualInversionRecovery(),
                new ConceptInversion(),
                new RingABell(),
                new Brightness(),
                new Rotation(),
                new Crop(),
                new Blur(),
                new VaeRegeneration(),
                new DiffusionRegeneration());
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(
                new TrainModel(),
                new ProtectPictures(),
                new AttackPictures(),
                new MarkFolder(),
                new DetectMark(),
                new ComparePictures(),
                new EraseCheckpoint(),
                new Generate());
    }

    @Override
    public void save(ImageModel model, Map<String, String> provenance, Path file) throws IOException {
        model.save(file, provenance);
    }

    @Override
    public ImageModel load(Path file) throws IOException {
        return ImageModel.load(file);
    }
}
