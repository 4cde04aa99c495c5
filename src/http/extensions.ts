// The media types of extensions, written by `npm run docs` from the package `mime-types` (its database is that of IANA,
// Apache and nginx), which would be a tenth of what importing this library takes.

/** `family: subtype subtype=extension,extension`, a line each; without extensions a subtype is its own. */
export const EXTENSIONS = `
application: vnd.lotus-1-2-3=123 vnd.1000minds.decision-model+xml=1km x-7z-compressed=7z
application: x-authorware-bin=aab,u32,vox,x32 x-authorware-map=aam x-authorware-seg=aas x-abiword=abw
application: pkix-attr-cert=ac vnd.americandynamics.acc=acc x-ace-compressed=ace vnd.acucobol=acu
application: vnd.acucorp=acutc,atc vnd.audiograph=aep x-font-type1=afm,pfa,pfb,pfm
application: vnd.ibm.modcap=afp,list3820,listafp vnd.age=age vnd.ahead.space=ahead postscript=ai,eps,ps
application: vnd.adobe.air-application-installer-package+zip=air vnd.dvb.ait=ait vnd.amiga.ami=ami
application: automationml-aml+xml=aml automationml-amlx+zip=amlx vnd.android.package-archive=apk appinstaller
application: x-ms-application=application appx appxbundle vnd.lotus-approach=apr x-freearc=arc x-arj=arj
application: pgp-keys=asc vnd.accpac.simply.aso=aso atom+xml=atom atomcat+xml=atomcat atomdeleted+xml=atomdeleted
application: atomsvc+xml=atomsvc vnd.antix.game-component=atx applixware=aw vnd.airzip.filesecure.azf=azf
application: vnd.airzip.filesecure.azs=azs vnd.amazon.ebook=azw x-msdownload=bat,com,dll,msi x-bcpio=bcpio
application: x-font-bdf=bdf vnd.syncml.dm+wbxml=bdm vnd.nato.bindingdataobject+xml=bdo bdoc vnd.realvnc.bed=bed
application: vnd.fujitsu.oasysprs=bh2
application: octet-stream=bin,bpk,buffer,deploy,dist,distz,dms,dump,elc,img,lrf,mar,msm,msp,pkg,so x-blorb=blb,blorb
application: x-blender=blend vnd.bmi=bmi vnd.balsamiq.bmml+xml=bmml vnd.framemaker=book,fm,frame,maker
application: vnd.previewsystems.box=box x-bzip2=boz,bz2 vnd.procreate.brush=brush vnd.procrate.brushset=brushset
application: x-bzip=bz vnd.cluetrust.cartomobile-config=c11amc vnd.cluetrust.cartomobile-config-pkg=c11amz
application: vnd.clonk.c4group=c4d,c4f,c4g,c4p,c4u vnd.ms-cab-compressed=cab vnd.tcpdump.pcap=cap,dmp,pcap
application: vnd.curl.car=car vnd.ms-pki.seccat=cat x-cbr=cb7,cba,cbr,cbt,cbz x-cocoa=cco
application: x-director=cct,cst,cxt,dcr,dir,dxr,fgd,swa,w3d ccxml+xml=ccxml vnd.contact.cmsg=cdbcmsg x-netcdf=cdf,nc
application: cdfx+xml=cdfx vnd.mediastation.cdkey=cdkey cdmi-capability=cdmia cdmi-container=cdmic cdmi-domain=cdmid
application: cdmi-object=cdmio cdmi-queue=cdmiq vnd.chemdraw+xml=cdxml vnd.cinderella=cdy pkix-cert=cer
application: x-cfs-compressed=cfs x-chat=chat vnd.ms-htmlhelp=chm vnd.kde.kchart=chrt
application: vnd.anser-web-certificate-issue-initiation=cii vnd.ms-artgalry=cil node=cjs vnd.claymore=cla
application: java-vm=class vnd.crick.clicker.keyboard=clkk vnd.crick.clicker.palette=clkp
application: vnd.crick.clicker.template=clkt vnd.crick.clicker.wordbank=clkw vnd.crick.clicker=clkx x-msclip=clp
application: vnd.cosmocaller=cmc vnd.yellowriver-custom-menu=cmp vnd.rim.cod=cod x-cpio=cpio cpl+xml=cpl
application: mac-compactpro=cpt x-mscardfile=crd pkix-crl=crl x-x509-ca-cert=crt,der,pem x-chrome-extension=crx
application: vnd.rig.cryptonote=cryptonote x-csh=csh vnd.citationstyles.style+xml=csl vnd.commonspace=csp
application: cu-seeme=cu cwl prs.cww=cww vnd.mobius.daf=daf vnd.dart=dart vnd.fdsn.seed=dataless,seed
application: davmount+xml=davmount vnd.dbf=dbf docbook+xml=dbk dicom=dcm vnd.dcmp+xml=dcmp vnd.oma.dd2+xml=dd2
application: vnd.fujixerox.ddd=ddd vnd.syncml.dmddf+xml=ddf x-debian-package=deb,udeb vnd.dreamfactory=dfac
application: x-dgc-compressed=dgc vnd.mobius.dis=dis x-apple-diskimage=dmg vnd.dna=dna msword=doc,dot
application: vnd.ms-word.document.macroenabled.12=docm
application: vnd.openxmlformats-officedocument.wordprocessingml.document=docx
application: vnd.ms-word.template.macroenabled.12=dotm
application: vnd.openxmlformats-officedocument.wordprocessingml.template=dotx vnd.osgi.dp=dp vnd.dpgraph=dpg
application: vnd.procreate.dream=drm dssc+der=dssc x-dtbook+xml=dtb xml-dtd=dtd x-dvi=dvi atsc-dwd+xml=dwd
application: vnd.spotfire.dxp=dxp java-archive=ear,jar,war ecmascript=ecma vnd.novadigm.edm=edm vnd.novadigm.edx=edx
application: vnd.picsel=efif vnd.pg.osasli=ei6 emma+xml=emma emotionml+xml=emotionml x-msmetafile=emz
application: vnd.ms-fontobject=eot epub+zip=epub vnd.eszigno3+xml=es3,et3 vnd.osgi.subsystem=esa vnd.epson.esf=esf
application: x-eva=eva x-envoy=evy x-msdos-program=exe exi express=exp vnd.novadigm.ext=ext andrew-inset=ez
application: vnd.ezpix-album=ez2 vnd.ezpix-package=ez3 vnd.autodesk.fbx=fbx vnd.adobe.formscentral.fcdt=fcdt
application: vnd.isac.fcs=fcs fdf fdt+xml=fdt vnd.denovo.fcselayout-link=fe_launch vnd.fujitsu.oasysgp=fg5
application: x-xfig=fig vnd.micrografx.flo=flo vnd.kde.kivio=flw vnd.frogans.fnc=fnc
application: vnd.software602.filler.form+xml=fo vnd.fsc.weblaunch=fsc vnd.fluxtime.clip=ftc
application: vnd.anser-web-funds-transfer-initiation=fti vnd.adobe.fxp=fxp,fxpl vnd.fuzzysheet=fzs vnd.geoplan=g2w
application: vnd.geospace=g3w vnd.groove-account=gac x-tads=gam rpki-ghostbusters=gbr x-gca-compressed=gca
application: vnd.google-apps.document=gdoc vnd.google-apps.drawing=gdraw vnd.dynageo=geo geo+json=geojson
application: vnd.geometry-explorer=gex,gre vnd.google-apps.form=gform vnd.geogebra.file=ggb vnd.geogebra.slides=ggs
application: vnd.geogebra.tool=ggt vnd.groove-help=ghf vnd.groove-identity-message=gim vnd.google-apps.jam=gjam
application: vnd.google-apps.map=gmap gml+xml=gml vnd.gmx=gmx x-gnumeric=gnumeric vnd.flographit=gph gpx+xml=gpx
application: vnd.grafeq=gqf,gqs srgs=gram x-gramps-xml=gramps vnd.groove-injector=grv srgs+xml=grxml
application: vnd.google-apps.script=gscript x-font-ghostscript=gsf vnd.google-apps.spreadsheet=gsheet
application: vnd.google-apps.site=gsite vnd.google-apps.presentation=gslides x-gtar=gtar vnd.groove-tool-message=gtm
application: gxf vnd.geonext=gxt gzip=gz vnd.hal+xml=hal vnd.hbci=hbci x-virtualbox-hdd=hdd x-hdf=hdf
application: atsc-held+xml=held hjson winhlp=hlp vnd.hp-hpgl=hpgl vnd.hp-hpid=hpid vnd.hp-hps=hps mac-binhex40=hqx
application: vnd.kenameaapp=htke vnd.yamaha.hv-dic=hvd vnd.yamaha.hv-voice=hvp vnd.yamaha.hv-script=hvs
application: vnd.intergeo=i2g vnd.iccprofile=icc,icm vnd.shana.informed.formdata=ifm vnd.igloader=igl
application: vnd.insors.igm=igm vnd.micrografx.igx=igx vnd.shana.informed.interchange=iif vnd.accpac.simply.imp=imp
application: vnd.ms-ims=ims inkml+xml=ink,inkml x-install-instructions=install vnd.astraea-software.iota=iota ipfix
application: vnd.shana.informed.package=ipk x-ipynb+json=ipynb vnd.ibm.rights-management=irm
application: vnd.irepository.package+xml=irp x-iso9660-image=iso vnd.shana.informed.formtemplate=itp its+xml=its
application: vnd.immervision-ivp=ivp vnd.immervision-ivu=ivu vnd.jam=jam x-java-archive-diff=jardiff vnd.jisp=jisp
application: vnd.hp-jlyt=jlt x-java-jnlp-file=jnlp vnd.joost.joda-archive=joda json=json,map json5 ld+json=jsonld
application: jsonml+json=jsonml vnd.kde.karbon=karbon x-keepass2=kdbx vnd.apple.keynote=key vnd.kde.kformula=kfo
application: vnd.kidspiration=kia vnd.google-earth.kml+xml=kml vnd.google-earth.kmz=kmz vnd.kinar=kne,knp
application: vnd.kde.kontour=kon vnd.kde.kpresenter=kpr,kpt vnd.ds-keypoint=kpxx vnd.kde.kspread=ksp
application: vnd.kahootz=ktr,ktz vnd.kde.kword=kwd,kwt vnd.las.las+xml=lasxml x-latex=latex
application: vnd.llamagraphics.life-balance.desktop=lbd vnd.llamagraphics.life-balance.exchange+xml=lbe
application: vnd.hhe.lesson-player=les lgr+xml=lgr x-lzh-compressed=lha,lzh vnd.route66.link66+xml=link66
application: x-ms-shortcut=lnk lost+xml=lostxml zip+dotlottie=lottie vnd.ms-lrm=lrm vnd.frogans.ltf=ltf
application: x-lua-bytecode=luac vnd.lotus-wordpro=lwp x-msmediaview=m13,m14,mvb mp21=m21,mp21
application: vnd.apple.mpegurl=m3u8 mp4=m4p,mp4s mathematica=ma,mb,nb mads+xml=mads mmt-aei+xml=maei
application: vnd.ecowin.chart=mag mathml+xml=mathml vnd.mobius.mbk=mbk mbox vnd.medcalcdata=mc1 vnd.mcd=mcd
application: x-msaccess=mdb metalink4+xml=meta4 metalink+xml=metalink mets+xml=mets vnd.mfmp=mfm rpki-manifest=mft
application: vnd.osgeo.mapguide.package=mgp vnd.proteus.magazine=mgz x-mie=mie vnd.mif=mif vnd.dolby.mlp=mlp
application: vnd.chipnuts.karaoke-mmd=mmd vnd.smaf=mmf x-msmoney=mny x-mobipocket-ebook=mobi mods+xml=mods
application: vnd.mophun.certificate=mpc dash+xml=mpd media-policy-dataset+xml=mpf vnd.apple.installer+xml=mpkg
application: vnd.blueice.multipass=mpm vnd.mophun.application=mpn dash-patch+xml=mpp vnd.ms-project=mpt
application: vnd.ibm.minipay=mpy vnd.mobius.mqy=mqy marc=mrc marcxml+xml=mrcx mediaservercontrol+xml=mscml
application: vnd.fdsn.mseed=mseed vnd.mseq=mseq vnd.epson.msf=msf vnd.ms-outlook=msg msix msixbundle
application: vnd.mobius.msl=msl vnd.muvee.style=msty vnd.musician=mus mmt-usd+xml=musd
application: vnd.recordare.musicxml+xml=musicxml vnd.mapbox-vector-tile=mvt vnd.mfer=mwf mxf
application: vnd.recordare.musicxml=mxl xv+xml=mxml,xhvml,xvm,xvml vnd.triscape.mxs=mxs
application: vnd.nokia.n-gage.symbian.install=n-gage vnd.wolfram.player=nbp x-dtbncx+xml=ncx
application: vnd.nokia.n-gage.data=ngdat vnd.nitf=nitf,ntf vnd.neurolanguage.nlu=nlu vnd.enliven=nml
application: vnd.noblenet-directory=nnd vnd.noblenet-sealer=nns vnd.noblenet-web=nnw n-quads=nq x-conference=nsc
application: vnd.lotus-notes=nsf n-triples=nt vnd.apple.numbers=numbers x-nzb=nzb vnd.fujitsu.oasys2=oa2
application: vnd.fujitsu.oasys3=oa3 vnd.fujitsu.oasys=oas x-msbinder=obd vnd.openblox.game+xml=obgx oda
application: vnd.oasis.opendocument.database=odb vnd.oasis.opendocument.chart=odc vnd.oasis.opendocument.formula=odf
application: vnd.oasis.opendocument.formula-template=odft vnd.oasis.opendocument.graphics=odg
application: vnd.oasis.opendocument.image=odi vnd.oasis.opendocument.text-master=odm
application: vnd.oasis.opendocument.presentation=odp vnd.oasis.opendocument.spreadsheet=ods
application: vnd.oasis.opendocument.text=odt ogg=ogx omdoc+xml=omdoc onenote=one,onea,onepkg,onetmp,onetoc,onetoc2
application: oebps-package+xml=opf vnd.palm=oprc,pdb,pqa vnd.lotus-organizer=org vnd.yamaha.openscoreformat=osf
application: vnd.yamaha.openscoreformat.osfpvg+xml=osfpvg vnd.openstreetmap.data+xml=osm
application: vnd.oasis.opendocument.chart-template=otc vnd.oasis.opendocument.graphics-template=otg
application: vnd.oasis.opendocument.text-web=oth vnd.oasis.opendocument.image-template=oti
application: vnd.oasis.opendocument.presentation-template=otp vnd.oasis.opendocument.spreadsheet-template=ots
application: vnd.oasis.opendocument.text-template=ott x-virtualbox-ova=ova x-virtualbox-ovf=ovf rdf+xml=owl,rdf oxps
application: vnd.openofficeorg.extension=oxt pkcs10=p10 x-pkcs12=p12,pfx x-pkcs7-certificates=p7b,spc
application: pkcs7-mime=p7c,p7m x-pkcs7-certreqresp=p7r pkcs7-signature=p7s pkcs8=p8 x-ns-proxy-autoconfig=pac
application: vnd.apple.pages=pages vnd.pawaafile=paw vnd.powerbuilder6=pbd x-font-pcf=pcf vnd.hp-pcl=pcl
application: vnd.hp-pclxl=pclxl vnd.curl.pcurl=pcurl pdf font-tdpfr=pfr x-chess-pgn=pgn pgp-encrypted=pgp
application: x-httpd-php=php pkixcmp=pki pkix-pkipath=pkipath vnd.apple.pkpass=pkpass x-perl=pl,pm
application: vnd.3gpp.pic-bw-large=plb vnd.mobius.plc=plc vnd.pocketlearn=plf pls+xml=pls vnd.ctc-posml=pml
application: vnd.macports.portpkg=portpkg vnd.ms-powerpoint=pot,pps,ppt
application: vnd.ms-powerpoint.template.macroenabled.12=potm
application: vnd.openxmlformats-officedocument.presentationml.template=potx
application: vnd.ms-powerpoint.addin.macroenabled.12=ppam vnd.cups-ppd=ppd
application: vnd.ms-powerpoint.slideshow.macroenabled.12=ppsm
application: vnd.openxmlformats-officedocument.presentationml.slideshow=ppsx
application: vnd.ms-powerpoint.presentation.macroenabled.12=pptm
application: vnd.openxmlformats-officedocument.presentationml.presentation=pptx vnd.lotus-freelance=pre
application: pics-rules=prf provenance+xml=provx vnd.3gpp.pic-bw-small=psb x-font-linux-psf=psf pskc+xml=pskcxml
application: vnd.pvi.ptid1=ptid x-mspublisher=pub vnd.3gpp.pic-bw-var=pvb vnd.3m.post-it-notes=pwn
application: vnd.epson.quickanime=qam vnd.intu.qbo=qbo vnd.intu.qfx=qfx vnd.publishare-delta-tree=qps
application: vnd.quark.quarkxpress=qwd,qwt,qxb,qxd,qxl,qxt raml+yaml=raml route-apd+xml=rapd vnd.rar=rar
application: vnd.ipunplugged.rcprofile=rcprofile vnd.data-vision.rdz=rdz p2p-overlay+xml=relo
application: vnd.businessobjects=rep x-dtbresource+xml=res reginfo+xml=rif x-research-info-systems=ris
application: resource-lists+xml=rl resource-lists-diff+xml=rld vnd.rn-realmedia=rm vnd.jcp.javame.midlet-rms=rms
application: vnd.rn-realmedia-vbr=rmvb relax-ng-compact-syntax=rnc xml=rng,xml,xsd,xsl rpki-roa=roa
application: vnd.cloanto.rp9=rp9 x-redhat-package-manager=rpm vnd.nokia.radio-presets=rpss
application: vnd.nokia.radio-preset=rpst sparql-query=rq rls-services+xml=rs atsc-rsat+xml=rsat rsd+xml=rsd
application: urc-ressheet+xml=rsheet rss+xml=rss rtf x-makeself=run route-usd+xml=rusd vnd.yamaha.smaf-audio=saf
application: sbml+xml=sbml vnd.ibm.secure-container=sc x-msschedule=scd vnd.lotus-screencam=scm scvp-cv-request=scq
application: scvp-cv-response=scs vnd.stardivision.draw=sda vnd.stardivision.calc=sdc vnd.stardivision.impress=sdd
application: vnd.solent.sdkm+xml=sdkd,sdkm sdp vnd.stardivision.writer=sdw,vor x-sea=sea vnd.seemail=see
application: vnd.sema=sema vnd.semd=semd vnd.semf=semf senml+xml=senmlx sensml+xml=sensmlx
application: java-serialized-object=ser set-payment-initiation=setpay set-registration-initiation=setreg
application: vnd.hydrostatix.sof-data=sfd-hdstx vnd.spotfire.sfs=sfs vnd.stardivision.writer-global=sgl x-sh=sh
application: x-shar=shar shf+xml=shf sieve=sieve,siv pgp-signature=sig vnd.symbian.install=sis,sisx x-stuffit=sit
application: x-stuffitx=sitx vnd.koan=skd,skm,skp,skt vnd.ms-powerpoint.slide.macroenabled.12=sldm
application: vnd.openxmlformats-officedocument.presentationml.slide=sldx route-s-tsid+xml=sls vnd.epson.salt=slt
application: vnd.stepmania.stepchart=sm vnd.stardivision.math=smf smil+xml=smi,smil vnd.stepmania.package=smzip
application: x-font-snf=snf vnd.yamaha.smaf-phrase=spf x-futuresplash=spl scvp-vp-response=spp scvp-vp-request=spq
application: sql x-wais-source=src x-subrip=srt sru+xml=sru sparql-results+xml=srx ssdl+xml=ssdl
application: vnd.kodak-descriptor=sse vnd.epson.ssf=ssf ssml+xml=ssml vnd.sailingtracker.track=st
application: vnd.sun.xml.calc.template=stc vnd.sun.xml.draw.template=std vnd.wt.stf=stf
application: vnd.sun.xml.impress.template=sti hyperstudio=stk vnd.pg.format=str vnd.sun.xml.writer.template=stw
application: vnd.sus-calendar=sus,susp x-sv4cpio=sv4cpio x-sv4crc=sv4crc vnd.dvb.service=svc vnd.svd=svd
application: x-shockwave-flash=swf vnd.aristanetworks.swi=swi swid+xml=swidtag vnd.sun.xml.calc=sxc
application: vnd.sun.xml.draw=sxd vnd.sun.xml.writer.global=sxg vnd.sun.xml.impress=sxi vnd.sun.xml.math=sxm
application: vnd.sun.xml.writer=sxw x-t3vm-image=t3 vnd.mynfc=taglet vnd.tao.intent-module-archive=tao x-tar=tar
application: vnd.3gpp2.tcap=tcap x-tcl=tcl,tk urc-targetdesc+xml=td vnd.smart.teacher=teacher tei+xml=tei,teicorpus
application: x-tex=tex x-texinfo=texi,texinfo thraud+xml=tfi x-tex-tfm=tfm vnd.ms-officetheme=thmx
application: vnd.tmobile-livetv=tmo toml x-bittorrent=torrent vnd.groove-tool-template=tpl vnd.trid.tpt=tpt
application: vnd.trueapp=tra trig x-msterminal=trm timestamped-data=tsd ttml+xml=ttml
application: vnd.simtech-mindmapper=twd,twds vnd.genomatix.tuxedo=txd vnd.mobius.txf=txf ubjson=ubj
application: vnd.ufdl=ufd,ufdl x-glulx=ulx vnd.umajin=umj vnd.unity=unityweb vnd.uoml+xml=uo,uoml x-ustar=ustar
application: vnd.uiq.theme=utz vnd.dece.data=uvd,uvf,uvvd,uvvf vnd.dece.ttml+xml=uvt,uvvt
application: vnd.dece.unspecified=uvvx,uvx vnd.dece.zip=uvvz,uvz x-virtualbox-vbox=vbox
application: x-virtualbox-vbox-extpack=vbox-extpack x-cdlink=vcd vnd.groove-vcard=vcg vnd.vcx=vcx
application: x-virtualbox-vdi=vdi vnd.ms-visio.viewer=vdx x-virtualbox-vhd=vhd vnd.visionary=vis
application: x-virtualbox-vmdk=vmdk vnd.visio=vsd,vsdx,vss,vst,vsw,vtx vnd.vsf=vsf voicexml+xml=vxml x-doom=wad
application: vnd.sun.wadl+xml=wadl wasm vnd.criticaltools.wbs+xml=wbs vnd.wap.wbxml=wbxml
application: vnd.ms-works=wcm,wdb,wks,wps x-web-app-manifest+json=webapp manifest+json=webmanifest vnd.pmi.widget=wg
application: widget=wgt watcherinfo+xml=wif x-ms-wmd=wmd vnd.wap.wmlc=wmlc vnd.wap.wmlscriptc=wmlsc x-ms-wmz=wmz
application: vnd.wordperfect=wpd vnd.ms-wpl=wpl vnd.wqd=wqd x-mswrite=wri wsdl+xml=wsdl wspolicy+xml=wspolicy
application: vnd.webturbo=wtb xaml+xml=xaml x-silverlight-app=xap vnd.xara=xar xcap-att+xml=xav x-ms-xbap=xbap
application: vnd.fujixerox.docuworks.binder=xbd xcap-caps+xml=xca calendar+xml=xcs
application: vnd.gov.sk.xmldatacontainer+xml=xdcf xcap-diff+xml=xdf vnd.syncml.dm+xml=xdm vnd.adobe.xdp+xml=xdp
application: dssc+xml=xdssc vnd.fujixerox.docuworks=xdw xcap-el+xml=xel xenc+xml=xenc patch-ops-error+xml=xer xfdf
application: vnd.xfdl=xfdl xhtml+xml=xht,xhtml vnd.pwg-xhtml-print+xml=xhtm vnd.ms-excel=xla,xlc,xlm,xls,xlt,xlw
application: vnd.ms-excel.addin.macroenabled.12=xlam xliff+xml=xlf vnd.ms-excel.sheet.binary.macroenabled.12=xlsb
application: vnd.ms-excel.sheet.macroenabled.12=xlsm vnd.openxmlformats-officedocument.spreadsheetml.sheet=xlsx
application: vnd.ms-excel.template.macroenabled.12=xltm
application: vnd.openxmlformats-officedocument.spreadsheetml.template=xltx xcap-ns+xml=xns vnd.olpc-sugar=xo
application: xop+xml=xop x-xpinstall=xpi xproc+xml=xpl vnd.is-xpr=xpr vnd.ms-xpsdocument=xps
application: vnd.intercon.formnet=xpw,xpx prs.xsf+xml=xsf xslt+xml=xslt vnd.syncml+xml=xsm xspf+xml=xspf
application: vnd.mozilla.xul+xml=xul x-xz=xz yang yin+xml=yin x-zmachine=z1,z2,z3,z4,z5,z6,z7,z8
application: vnd.zzazz.deck+xml=zaz zip vnd.zul=zir,zirz vnd.handheld-entertainment+xml=zmm
audio: aac=aac,adts adpcm=adp x-aiff=aif,aifc,aiff amr basic=au,snd x-caf=caf vnd.dra=dra vnd.dts=dts
audio: vnd.dts.hd=dtshd vnd.nuera.ecelp4800=ecelp4800 vnd.nuera.ecelp7470=ecelp7470 vnd.nuera.ecelp9600=ecelp9600
audio: vnd.digital-winds=eol x-flac=flac midi=kar,mid,midi,rmi vnd.lucent.voice=lvp mpeg=m2a,m3a,mp2,mp2a,mp3,mpga
audio: x-mpegurl=m3u mp4=m4a,m4b,mp4a x-matroska=mka mobile-xmf=mxmf ogg=oga,ogg,opus,spx
audio: vnd.ms-playready.media.pya=pya x-pn-realaudio=ra,ram vnd.rip=rip x-pn-realaudio-plugin=rmp s3m silk=sil
audio: vnd.dece.audio=uva,uvva wav x-ms-wax=wax webm=weba x-ms-wma=wma xm
chemical: x-cdx=cdx x-cif=cif x-cmdf=cmdf x-cml=cml x-csml=csml x-xyz=xyz
font: otf collection=ttc ttf woff woff2
image: x-3ds=3ds apng avci avcs avif vnd.airzip.accelerator.azv=azv vnd.pco.b16=b16 bmp=bmp,dib prs.btif=btf,btif
image: cgm x-cmx=cmx vnd.ms-dds=dds vnd.djvu=djv,djvu x-adobe-dng=dng dpx dicom-rle=drle vnd.dwg=dwg vnd.dxf=dxf emf
image: aces=exr vnd.fastbidsheet=fbs x-freehand=fh,fh4,fh5,fh7,fhc fits vnd.fpx=fpx vnd.fst=fst g3fax=g3 gif heic
image: heic-sequence=heics heif heif-sequence=heifs hej2k=hej2 vnd.microsoft.icon=ico ief jaii jais pjpeg=jfif
image: jphc=jhc jls x-jng=jng jp2=jp2,jpg2 jpeg=jpe,jpeg,jpg jpx=jpf,jpx jpm=jpgm,jpm jph jxl jxr jxra jxrs jxs jxsc
image: jxsi jxss ktx ktx2 vnd.ms-modi=mdi vnd.fujixerox.edmics-mmr=mmr vnd.net-fpx=npx x-portable-bitmap=pbm
image: x-pict=pct,pic vnd.zbrush.pcx=pcx x-portable-graymap=pgm png x-portable-anymap=pnm x-portable-pixmap=ppm
image: vnd.adobe.photoshop=psd prs.pti=pti x-cmu-raster=ras x-rgb=rgb vnd.fujixerox.edmics-rlc=rlc sgi
image: x-mrsid-image=sid svg+xml=svg,svgz t38 vnd.tencent.tap=tap tiff-fx=tfx x-tga=tga tiff=tif,tiff
image: vnd.dece.graphic=uvg,uvi,uvvg,uvvi vnd.valve.source.texture=vtf vnd.wap.wbmp=wbmp vnd.ms-photo=wdp webp wmf
image: x-xbitmap=xbm vnd.xiff=xif x-xpixmap=xpm x-xwindowdump=xwd
message: disposition-notification rfc822=eml,mht,mhtml,mime global-delivery-status=u8dsn global-headers=u8hdr
message: global-disposition-notification=u8mdn global=u8msg vnd.wfa.wsc=wsc
model: step=210,p21,step,stp,stpnc 3mf vnd.bary=bary vnd.valve.source.compiled-map=bsp vnd.cld=cld
model: vnd.collada+xml=dae vnd.dwf=dwf vnd.gdl=gdl gltf-binary=glb gltf+json=gltf vnd.gtw=gtw iges=iges,igs jt
model: mesh=mesh,msh,silo mtl obj vnd.opengex=ogex prc vnd.pytha.pyox=pyo,pyox stl step+xml=stpx step-xml+zip=stpxz
model: step+zip=stpz u3d vnd.usda=usda vnd.usdz+zip=usdz vnd.sap.vds=vds vrml=vrml,wrl vnd.vtu=vtu x3d+xml=x3d,x3dz
model: x3d+fastinfoset=x3db x3d+binary=x3dbz x3d-vrml=x3dv x3d+vrml=x3dvz vnd.parasolid.transmit.binary=x_b
model: vnd.parasolid.transmit.text=x_t
text: vnd.in3d.3dml=3dml cache-manifest=appcache,manifest x-asm=asm,s x-c=c,cc,cpp,cxx,dic,h,hh
text: coffeescript=coffee,litcoffee plain=conf,def,in,ini,list,log,text,txt css csv vnd.curl=curl
text: vnd.curl.dcurl=dcurl prs.lines.tag=dsc x-setext=etx x-fortran=f,f77,f90,for vnd.fmi.flexstor=flx vnd.fly=fly
text: vnd.familysearch.gedcom=ged vnd.graphviz=gv x-handlebars-template=hbs x-component=htc html=htm,html,shtml
text: calendar=ics,ifb vnd.sun.j2me.app-descriptor=jad jade x-java-source=java javascript=js,mjs jsx less x-lua=lua
text: troff=man,me,ms,roff,t,tr markdown=markdown,md vnd.curl.mcurl=mcurl mdx x-markdown=mkd mathml=mml n3 x-nfo=nfo
text: x-opml=opml x-pascal=p,pas x-processing=pde richtext=rtx x-sass=sass x-scss=scss vnd.curl.scurl=scurl
text: x-sfv=sfv sgml=sgm,sgml shex slim=slim,slm spdx vnd.in3d.spot=spot stylus=styl,stylus vnd.dvb.subtitle=sub
text: tab-separated-values=tsv turtle=ttl uri-list=uri,uris,urls x-uuencode=uu vcard x-vcard=vcf x-vcalendar=vcs vtt
text: wgsl vnd.wap.wml=wml vnd.wap.wmlscript=wmls yaml=yaml,yml x-suse-ymp=ymp
video: 3gpp2=3g2 3gpp=3gp,3gpp x-ms-asf=asf,asx x-msvideo=avi vnd.dvb.file=dvb x-f4v=f4v x-fli=fli x-flv=flv
video: vnd.fvt=fvt h261 h263 h264 jpeg=jpgv mpeg=m1v,m2v,mpe,mpeg,mpg mp2t=m2t,m2ts,mts,ts iso.segment=m4s
video: vnd.mpegurl=m4u,mxu x-m4v=m4v mj2=mj2,mjp2 x-matroska=mk3d,mks,mkv x-mng=mng quicktime=mov,qt
video: x-sgi-movie=movie mp4=mp4,mp4v,mpg4 ogg=ogv vnd.ms-playready.media.pyv=pyv x-smv=smv vnd.dece.hd=uvh,uvvh
video: vnd.dece.mobile=uvm,uvvm vnd.dece.pd=uvp,uvvp vnd.dece.sd=uvs,uvvs vnd.uvvu.mp4=uvu,uvvu
video: vnd.dece.video=uvv,uvvv vnd.vivo=viv x-ms-vob=vob webm x-ms-wm=wm x-ms-wmv=wmv x-ms-wmx=wmx x-ms-wvx=wvx
x-conference: x-cooltalk=ice
`;
